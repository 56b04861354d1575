"""The metrics that Chaos Mesh exposes, promises or once had: one YAML file a component, and their loader."""

from harness.chaosmesh.catalogue.catalogue import Catalogue, catalogue
from harness.chaosmesh.catalogue.metric import (
    OPERATIONS,
    Appears,
    Metric,
    MetricStatus,
    MetricType,
    Produced,
)

__all__ = [
    "OPERATIONS",
    "Appears",
    "Catalogue",
    "Metric",
    "MetricStatus",
    "MetricType",
    "Produced",
    "catalogue",
]
