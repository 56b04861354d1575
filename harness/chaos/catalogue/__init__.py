"""The metrics that Chaos Mesh exposes, promises or once had: one YAML file a component, and their loader."""

from harness.chaos.catalogue.catalogue import Catalogue, catalogue
from harness.chaos.catalogue.metric import OPERATIONS, Appears, Metric, MetricType, Produced, Status

__all__ = [
    "OPERATIONS",
    "Appears",
    "Catalogue",
    "Metric",
    "MetricType",
    "Produced",
    "Status",
    "catalogue",
]
