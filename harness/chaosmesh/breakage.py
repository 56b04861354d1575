"""Replaces the pods that a scenario broke on purpose: a program moved away in chaos-daemon, a rule in a pod.

What has to be replaced is kept as an annotation of the scenario's namespace, written before anything is
broken: whoever finds it, after however sudden an end, can put things back. A pod that is replaced has a new
file system and a new network namespace, whatever was done to the old ones.
"""

from __future__ import annotations

from collections.abc import Collection

from harness.chaosmesh import rollout
from harness.chaosmesh.components import WORKLOAD, component_pods
from harness.chaosmesh.daemons import DAEMON
from harness.chaosmesh.rollout import NotReadyError
from harness.kubernetes.client import Cluster
from harness.kubernetes.leftovers import Deadline, StuckObject, delete_all, wait_all_gone

BROKEN = "chaos-harness/broken"

# What would make new pods in the place of those that are deleted.
OWNER_KINDS = ("StatefulSet", "Deployment", "DaemonSet")


def note(cluster: Cluster, namespace: str, node: str, what: Collection[str]) -> None:
    """Write down, in addition to what is there, whose pods will have to be replaced.

    Args:
        cluster: where.
        namespace: the scenario's own.
        node: on which `chaos-daemon` is.
        what: `chaos-daemon`, `workload`.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    found = noted(cluster, namespace) | {f"{each}/{node}" if each == DAEMON else each for each in what}
    cluster.patch(
        "Namespace", namespace, None, {"metadata": {"annotations": {BROKEN: " ".join(sorted(found))}}}
    )


def replaced(cluster: Cluster, namespace: str, component: str, node: str | None) -> None:
    """Take out of the note what a step has replaced meanwhile.

    Args:
        cluster: where.
        namespace: the scenario's own.
        component: `chaos-daemon` or `workload`; others are never noted.
        node: only there; everywhere when None.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    before = noted(cluster, namespace)
    found = {each for each in before if not _names(each, component, node)}
    if found != before:
        _write(cluster, namespace, found)


def noted(cluster: Cluster, namespace: str) -> set[str]:
    """Return what a namespace's annotation names: `workload`, and `chaos-daemon/NODE` of each node."""
    found = cluster.get("Namespace", namespace)
    annotations = (found or {}).get("metadata", {}).get("annotations") or {}
    return set(str(annotations.get(BROKEN, "")).split())


def restore(
    cluster: Cluster, namespace: str, chaos_mesh_namespace: str, deadline: Deadline
) -> list[StuckObject]:
    """Replace what the namespace's annotation names; nothing when there is none.

    The workload goes first, and for good: the daemon may not be able to run as long as it is there.

    Args:
        cluster: where.
        namespace: a scenario's own.
        chaos_mesh_namespace: where Chaos Mesh runs.
        deadline: bound for all of it.

    Returns:
        What is not whole again; empty when all is.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    broken = noted(cluster, namespace)
    if not broken:
        return []
    left = []
    if WORKLOAD in broken:
        delete_all(cluster, OWNER_KINDS, namespace)
        for pod in wait_all_gone(cluster, delete_all(cluster, ["Pod"], namespace), deadline):
            left.append(StuckObject("Pod", pod["metadata"]["name"], "was broken on purpose and does not end"))
    for node in sorted(each.partition("/")[2] for each in broken if each != WORKLOAD):
        group = component_pods(DAEMON, chaos_mesh_namespace)
        begun = rollout.restart(cluster, group, node=node, grace=rollout.GRACE_SECONDS)
        try:
            rollout.finish(cluster, begun, deadline.left(), chaos_mesh_namespace)
        except NotReadyError as error:
            said = (
                f"was broken on purpose and is not whole again: {'; '.join([error.problem, *error.details])}"
            )
            left.append(StuckObject(group.kind, f"{group.name} on node {node}", said))
    if not left:
        _write(cluster, namespace, set())
    return left


def _names(noted_: str, component: str, node: str | None) -> bool:
    what, _, where = noted_.partition("/")
    return what == component and (node is None or not where or where == node)


def _write(cluster: Cluster, namespace: str, found: set[str]) -> None:
    annotations = {BROKEN: " ".join(sorted(found)) or None}
    cluster.patch("Namespace", namespace, None, {"metadata": {"annotations": annotations}})
