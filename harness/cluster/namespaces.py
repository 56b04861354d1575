"""Namespaces of scenarios: everything that a run creates lives in one, and carries the run's label."""

from __future__ import annotations

from harness.cluster.client import Cluster, Object

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "chaos-harness"
RUN_LABEL = "chaos-harness/run"


def labels(run: str) -> dict[str, str]:
    """Return the labels of everything that a run creates."""
    return {MANAGED_BY: MANAGER, RUN_LABEL: run}


def create(cluster: Cluster, name: str, run: str) -> None:
    """Create a scenario's namespace.

    Raises:
        Conflict: it exists.
        ApiError: any other refusal.
    """
    cluster.create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels(run)}}
    )


def delete(cluster: Cluster, name: str) -> None:
    """Ask for a namespace's deletion; `gone` waits for it."""
    cluster.delete("Namespace", name)


def gone(cluster: Cluster, name: str, timeout: float) -> None:
    """Wait until a namespace does not exist.

    Raises:
        NotSeen: it still does; what keeps it is in the conditions of its status.
    """
    cluster.wait_gone("Namespace", name, None, timeout)


def of_other_runs(cluster: Cluster, run: str) -> list[str]:
    """Return the namespaces that other runs of the harness left."""
    found = cluster.list("Namespace", label_selector=f"{MANAGED_BY}={MANAGER},{RUN_LABEL}!={run}")
    return sorted(namespace["metadata"]["name"] for namespace in found)


def why_kept(namespace: Object) -> list[str]:
    """Return what a namespace's status says about it not going."""
    conditions = (namespace.get("status") or {}).get("conditions") or []
    return [
        str(condition.get("message", ""))
        for condition in conditions
        if condition.get("status") == "True" and condition.get("message")
    ]
