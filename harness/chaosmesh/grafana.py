"""Grafana: where it is when the stack has one, and why it has none."""

from __future__ import annotations

from harness.chaosmesh import ready
from harness.kubernetes.client import Cluster
from harness.kubernetes.namespaces import HARNESS_NAMESPACE

NAMESPACE = HARNESS_NAMESPACE
NAME = "grafana"
"""Of the Service and of the Deployment, and the value of the pod's label `app`."""
PORT = 3000
SOURCE = "chaos-harness"
"""The uid of its data source, which is our Prometheus."""
TAG = "chaos-mesh"
"""Of each of our dashboards."""


def missing(cluster: Cluster) -> str | None:
    """Return None when a Grafana is ready, else the reason why not.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    return ready.missing(
        cluster,
        NAMESPACE,
        f"app={NAME}",
        installed=(
            "Grafana is installed with images from a registry (--images registry) that has its image, and is "
            "not compiled from source"
        ),
    )
