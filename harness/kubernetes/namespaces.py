"""Namespaces of scenarios: everything that a run creates lives in one, and carries the run's label."""

from __future__ import annotations

import re

from harness.kubernetes.client import Cluster, Object

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "chaos-harness"
HARNESS_NAMESPACE = "chaos-harness"
"""Of what the stack has besides Chaos Mesh: Prometheus, Grafana, the Lease of a run."""
RUN_LABEL = "chaos-harness/run"
STACK_LABEL = "chaos-harness/stack"
"""The identity of the stack that a namespace was made on; a name and the labels above prove nothing."""
INSTALLED = "chaos-harness/installed-in"
"""The label of all that the harness installs in a cluster of others, with the cluster's identity."""

_RUN = re.compile(r"[0-9a-f]{8}")


def labels(run: str) -> dict[str, str]:
    """Return the labels of everything that a run creates."""
    return {MANAGED_BY: MANAGER, RUN_LABEL: run}


def create(cluster: Cluster, name: str, run: str, stack: str) -> None:
    """Create a scenario's namespace.

    Args:
        cluster: where.
        name: of the namespace.
        run: the run's id.
        stack: the stack's identity, by which a later run knows that it may remove what is left.

    Raises:
        ConflictError: it exists.
        ApiError: any other refusal.
    """
    metadata = {"name": name, "labels": {**labels(run), STACK_LABEL: stack}}
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def delete(cluster: Cluster, name: str) -> None:
    """Ask for a namespace's deletion; `gone` waits for it."""
    cluster.delete("Namespace", name)


def gone(cluster: Cluster, name: str, timeout: float) -> None:
    """Wait until a namespace does not exist.

    Raises:
        NotSeen: it still does; what keeps it is in the conditions of its status.
    """
    cluster.wait_gone("Namespace", name, None, timeout)


def labelled(cluster: Cluster) -> list[Object]:
    """Return the namespaces that have the label of the harness, whoever gave it to them, by name."""
    found = cluster.list("Namespace", label_selector=f"{MANAGED_BY}={MANAGER}")
    return sorted(found, key=lambda namespace: str(namespace["metadata"]["name"]))


def made_by(namespace: Object) -> tuple[str, str]:
    """Return the run and the stack that a namespace was made by, as its labels say; empty without them."""
    found = namespace["metadata"].get("labels") or {}
    run = str(found.get(RUN_LABEL, ""))
    return run if _RUN.fullmatch(run) else "", str(found.get(STACK_LABEL, ""))


def why_kept(namespace: Object) -> list[str]:
    """Return what a namespace's status says about it not going."""
    conditions = (namespace.get("status") or {}).get("conditions") or []
    return [
        str(condition.get("message", ""))
        for condition in conditions
        if condition.get("status") == "True" and condition.get("message")
    ]
