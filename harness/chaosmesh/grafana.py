"""Grafana: where it is when the stack has one, and why it has none."""

from __future__ import annotations

from harness.kubernetes.client import Cluster, Object
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
    selector = f"app={NAME}"
    pods = cluster.list("Pod", NAMESPACE, selector)
    if not pods:
        return (
            f"there is no pod with {selector} in the namespace {NAMESPACE}: Grafana is installed with images "
            "from a registry (--images registry) that has its image, and is not compiled from source"
        )
    if any(_ready(pod) for pod in pods):
        return None
    waiting = "; ".join(reason for pod in pods for reason in _waiting(pod))
    return f"no pod with {selector} is ready in the namespace {NAMESPACE}{': ' if waiting else ''}{waiting}"


def _ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)


def _waiting(pod: Object) -> list[str]:
    found = (pod.get("status") or {}).get("containerStatuses") or []
    waiting = [(each.get("state") or {}).get("waiting") or {} for each in found]
    return [f"{each['reason']} {each.get('message', '')}".strip() for each in waiting if each.get("reason")]
