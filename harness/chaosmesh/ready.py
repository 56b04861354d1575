"""Whether a part of the stack has a pod that is ready, and why not."""

from __future__ import annotations

from harness.kubernetes.client import Cluster, Object


def missing(cluster: Cluster, namespace: str, selector: str, *, installed: str) -> str | None:
    """Return None when a pod is ready, else the reason why none is.

    Args:
        cluster: where.
        namespace: of the pods.
        selector: of their labels.
        installed: in words, what brings the pods into a cluster; told when there is none.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    pods = cluster.list("Pod", namespace, selector)
    if not pods:
        return f"there is no pod with {selector} in the namespace {namespace}: {installed}"
    if any(_ready(pod) for pod in pods):
        return None
    waiting = "; ".join(reason for pod in pods for reason in _waiting(pod))
    return f"no pod with {selector} is ready in the namespace {namespace}{': ' if waiting else ''}{waiting}"


def _ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)


def _waiting(pod: Object) -> list[str]:
    found = (pod.get("status") or {}).get("containerStatuses") or []
    waiting = [(each.get("state") or {}).get("waiting") or {} for each in found]
    return [f"{each['reason']} {each.get('message', '')}".strip() for each in waiting if each.get("reason")]
