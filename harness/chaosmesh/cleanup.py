"""Removes all that a scenario made, bounded, in the order that Chaos Mesh needs, and verifies it.

An experiment that cannot be injected cannot be deleted either: its reconciler stops at the failing step, on
every finalizer too. It also breaks every other experiment on the same pod through the shared PodNetworkChaos
object. So the finalizers go last, and by force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from harness.base.errors import InfrastructureError
from harness.chaosmesh import breakage, processes
from harness.chaosmesh.breakage import OWNER_KINDS
from harness.chaosmesh.daemons import Daemons
from harness.kubernetes import namespaces
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import WaitTimeoutError
from harness.kubernetes.kinds import EXPERIMENT_KINDS, SHARED_KINDS
from harness.kubernetes.leftovers import Deadline, StuckObject, delete_all, strip_finalizers, wait_all_gone

CLEANUP_SECONDS = 60.0
"""How long the clean-up of one scenario may take in all."""

# What deletes its children itself goes first, so that no child comes after the children were deleted.
_PARENT_KINDS = ("Workflow", "Schedule")
_CHILD_KINDS = ("WorkflowNode", "StatusCheck", *EXPERIMENT_KINDS)

# Ordinary deletion takes 0.1 to 0.2 s; what takes this long is stuck.
_ORDINARY_SECONDS = 10.0
_POD_SECONDS = 20.0

# Waits for processes to end, without asking again and again, then ends them; prints those that it had to end.
_END_SCRIPT = """
for pid in "$@"; do
    timeout 2 tail --pid="$pid" -f /dev/null
    if kill -9 "$pid" 2>/dev/null; then echo "$pid"; fi
done
"""


def clean(
    cluster: Cluster,
    namespace: str,
    chaos_mesh_namespace: str,
    *,
    seconds: float = CLEANUP_SECONDS,
    wait: bool = True,
    stuck: Callable[[list[Object]], None] = lambda _: None,
    daemon_called: bool = True,
) -> list[StuckObject]:
    """Put back what a scenario broke; remove its objects, its stressors, its pods and its namespace.

    Args:
        cluster: where.
        namespace: the scenario's own; one that does not exist is clean.
        chaos_mesh_namespace: where Chaos Mesh runs.
        seconds: bound for all of it.
        wait: wait for the pods and the namespace too. Kubernetes begins to remove a namespace only 5 s
            after it was asked to; without waiting, all chaos and all stressors are gone, the pods are
            ending, it cannot take new objects any more, and `await_gone` has to be called for it
            before the run ends.
        stuck: is told the objects of Chaos Mesh that do not go, before their finalizers are removed by
            force: a last look at them as they are.
        daemon_called: there was chaos by which chaos-daemon starts processes. Without any nothing is looked
            for on the nodes, where a scenario next to this one may have broken the daemon.

    Returns:
        What did not go in the ordinary way; empty when all did.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    deadline = Deadline(seconds)
    pods = cluster.list("Pod", namespace)
    left = breakage.restore(cluster, namespace, chaos_mesh_namespace, deadline)
    left += _remove_chaos(cluster, namespace, deadline, stuck)
    if daemon_called:
        left += end_stressors(cluster, chaos_mesh_namespace, pods)
    namespaces.delete(cluster, namespace)
    delete_all(cluster, OWNER_KINDS, namespace)
    delete_all(cluster, ["Pod"], namespace)
    if wait:
        left += await_gone(cluster, [namespace], deadline.left())
    return left


def await_gone(
    cluster: Cluster, names: Iterable[str], seconds: float, patience: float = 1.0
) -> list[StuckObject]:
    """Wait until namespaces that `clean` asked to go are gone; return those that are not.

    Args:
        cluster: where.
        names: of the namespaces.
        seconds: bound for all of them together.
        patience: how many times that, and what pods may take to end: there is a slow node.
    """
    deadline = Deadline(seconds * patience)
    left = []
    for name in names:
        try:
            namespaces.gone(cluster, name, deadline.left(_POD_SECONDS * patience))
        except WaitTimeoutError:
            left += [strip_finalizers(cluster, pod, deadline) for pod in cluster.list("Pod", name)]
        else:
            continue
        try:
            namespaces.gone(cluster, name, deadline.left())
        except WaitTimeoutError as late:
            reasons = "; ".join(reason for item in late.last for reason in namespaces.why_kept(item))
            left.append(StuckObject("Namespace", name, f"still there after {late.waited:.0f} s: {reasons}"))
    return left


def end_stressors(cluster: Cluster, chaos_mesh_namespace: str, pods: list[Object]) -> list[StuckObject]:
    """End the processes that chaos-daemon still manages for the containers of some pods.

    Args:
        cluster: where.
        chaos_mesh_namespace: where Chaos Mesh runs.
        pods: whose experiments are all gone.
    """
    daemons = Daemons(cluster, chaos_mesh_namespace)
    left: list[StuckObject] = []
    for node, ids in processes.container_ids_by_node(pods):
        try:
            left += _end_stressors_on(daemons, node, ids)
        except InfrastructureError as error:
            left.append(StuckObject("process", f"on node {node}", f"could not be looked for: {error}"))
    return left


def _end_stressors_on(daemons: Daemons, node: str, ids: list[str]) -> list[StuckObject]:
    seen = processes.look(daemons, node)
    inside = {process.pid for identity in ids for process in processes.of_container(seen, identity)}
    stressors = {
        process.pid: process
        for process in seen.values()
        if processes.launches(process) and (process.pid in inside or _serves(process, seen, inside))
    }
    if not stressors:
        return []
    ended = daemons.run(node, _END_SCRIPT, *map(str, sorted(stressors)), timeout=5.0 + 2.0 * len(stressors))
    return [
        StuckObject(
            "process",
            f"{stressors[int(pid)].program} (pid {pid} on node {node})",
            f"outlived its experiment and was ended: {' '.join(stressors[int(pid)].argv)}",
            forced=True,
        )
        for pid in ended.split()
    ]


def _serves(process: processes.Process, seen: dict[int, processes.Process], inside: set[int]) -> bool:
    """Return whether a launcher's child runs inside."""
    return any(child.parent == process.pid and child.pid in inside for child in seen.values())


def _remove_chaos(
    cluster: Cluster, namespace: str, deadline: Deadline, stuck: Callable[[list[Object]], None]
) -> list[StuckObject]:
    patience = Deadline(deadline.left(_ORDINARY_SECONDS))
    parents = delete_all(cluster, _PARENT_KINDS, namespace)
    kept = wait_all_gone(cluster, parents, patience)
    children = delete_all(cluster, _CHILD_KINDS, namespace)
    kept += wait_all_gone(cluster, children, patience)
    if kept:
        stuck(kept)
    left = [strip_finalizers(cluster, item, deadline) for item in kept]
    # Not before the experiments: while these exist the controller makes the shared objects anew.
    shared = wait_all_gone(
        cluster, delete_all(cluster, SHARED_KINDS, namespace), Deadline(deadline.left(_ORDINARY_SECONDS))
    )
    if shared:
        stuck(shared)
    return left + [strip_finalizers(cluster, item, deadline) for item in shared]
