"""The metrics that Chaos Mesh exposes, promises or once had: one YAML file a component, and their loader."""

from harness.chaos.catalogue.catalogue import Catalogue, catalogue
from harness.chaos.catalogue.metric import Metric, MetricType, Status

__all__ = ["Catalogue", "Metric", "MetricType", "Status", "catalogue"]
