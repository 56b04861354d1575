"""Restarts and scales the components of Chaos Mesh, and waits until they are whole again.

The original number of pods is kept as an annotation of the very object that is scaled, written by the same
request: whoever finds it, after however sudden an end, can put things back.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection
from dataclasses import dataclass

from harness.base.errors import HarnessError, InfrastructureError, UsageError
from harness.chaosmesh import denial, processes
from harness.chaosmesh.components import COMPONENTS, MANAGER, PodGroup, component_pods
from harness.chaosmesh.daemons import Daemons
from harness.chaosmesh.webhook import await_webhook
from harness.chaosmesh.workload import is_ready, why_not_ready
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import ApiError, WaitTimeoutError
from harness.kubernetes.leftovers import Deadline, StuckObject

REPLICAS_BEFORE = "chaos-harness/replicas-before"
WHOLE_SECONDS = 60.0
"""How long the components that a scenario restarted or scaled may take to be whole afterwards."""

# The manager runs on after SIGTERM until it is killed; its own 30 s would be waited for every time.
GRACE_SECONDS = 1

LEASE = "chaos-mesh"
"""The name of the Lease that the leading controller-manager holds."""

_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Rollout:
    """Pods on their way from one state to another.

    Attributes:
        group: the pods.
        wanted: how many there must be in the end.
        grace: seconds that ending pods have.
    """

    group: PodGroup
    wanted: int
    grace: int = GRACE_SECONDS

    def done(self, pods: Collection[Object]) -> bool:
        """Return whether there are as many as wanted, each of them ready and none of them ending."""
        return len(pods) == self.wanted and all(map(is_ready, pods))


def restart(
    cluster: Cluster, group: PodGroup, *, node: str | None, grace: int, leader: bool = False
) -> Rollout:
    """Delete the pods of a group; what keeps them makes new ones.

    Args:
        cluster: where.
        group: the pods.
        node: only those on this node.
        grace: seconds that they have to end by themselves.
        leader: only the pod that holds the manager's lease.

    Raises:
        InfrastructureError: there are none.
        ApiError: the API server did not answer, or refused.
    """
    wanted = wanted_pods(cluster, group)
    pods = [
        pod
        for pod in cluster.list("Pod", group.namespace, group.selector)
        if "deletionTimestamp" not in pod["metadata"] and node in (None, pod["spec"].get("nodeName"))
    ]
    if leader:
        lease = cluster.get("Lease", LEASE, group.namespace)
        pods = [pod for pod in pods if lease is not None and pod["metadata"]["name"] == holder(lease)]
    if not pods:
        where = f" on the node {node}" if node else ""
        who = "leading pod" if leader else "pod"
        raise InfrastructureError(f"no {who} of {group.job} is there{where} to be restarted")
    for pod in pods:
        cluster.delete(
            "Pod", pod["metadata"]["name"], group.namespace, grace=grace, uid=pod["metadata"]["uid"]
        )
    return Rollout(group, wanted, grace)


def scale(cluster: Cluster, group: PodGroup, replicas: int) -> Rollout:
    """Ask for another number of pods; of Chaos Mesh's own, `restore` puts back what was there first.

    Raises:
        InfrastructureError: what keeps the pods is not there.
        ApiError: the API server did not answer, or refused.
    """
    owner = _owner(cluster, group)
    patch: Object = {"spec": {"replicas": replicas}}
    if group.job in COMPONENTS and REPLICAS_BEFORE not in _annotations(owner):
        patch["metadata"] = {"annotations": {REPLICAS_BEFORE: str(owner["spec"].get("replicas", 1))}}
    cluster.patch(group.kind, group.name, group.namespace, patch)
    return Rollout(group, replicas)


def finish(cluster: Cluster, rollout: Rollout, seconds: float, chaos_mesh_namespace: str) -> list[Object]:
    """Wait until a rollout is done and, of the controller-manager, until it does its work; return the pods.

    The components have no readiness probes, so a pod is ready as soon as it runs. The manager's webhook
    refuses experiments for a moment longer, and nobody reconciles before there is a leader.

    Pods that something else than `restart` ends have a longer grace period, which cannot be shortened once
    the kubelet has begun with it: their processes are killed on their node.

    Raises:
        NotReadyError: not so in time; the details say why.
        ApiError: the API server did not answer, or refused.
    """
    deadline = Deadline(seconds)
    group = rollout.group
    hurried: set[str] = set()

    def lingering(pods: list[Object]) -> list[Object]:
        return [
            pod
            for pod in pods
            if pod["metadata"].get("deletionGracePeriodSeconds", 0) > rollout.grace
            and pod["metadata"]["uid"] not in hurried
        ]

    while True:
        try:
            pods = cluster.until_all(
                "Pod",
                group.namespace,
                lambda found: rollout.done(found) or bool(lingering(found)),
                deadline.left(),
                label_selector=group.selector,
            )
        except WaitTimeoutError as late:
            raise _late(rollout, late, seconds) from late
        if rollout.done(pods):
            break
        slow = lingering(pods)
        time.sleep(rollout.grace)
        _kill(Daemons(cluster, chaos_mesh_namespace), slow)
        hurried |= {pod["metadata"]["uid"] for pod in slow}
    if group.job == MANAGER and pods:
        _await_leader(cluster, group, pods, deadline, seconds)
        _await_webhook(cluster, deadline.left(), seconds)
    return pods


def restore(cluster: Cluster, chaos_mesh_namespace: str) -> list[Rollout]:
    """Give every component of Chaos Mesh the number of pods and the permissions that it had first.

    What was denied something is restarted, as it may wait for ever for what it asked meanwhile.

    Returns:
        What has to be waited for.

    Raises:
        InfrastructureError: the API server does not go by the permissions that were put back.
        ApiError: the API server did not answer, or refused.
    """
    denied = denial.lift(cluster, chaos_mesh_namespace)
    begun = []
    for job, component in COMPONENTS.items():
        group = component_pods(job, chaos_mesh_namespace)
        found = cluster.get(component.kind, component.name, chaos_mesh_namespace, timeout=_LOOK_SECONDS)
        before = _annotations(found).get(REPLICAS_BEFORE) if found else None
        if before is not None:
            patch = {
                "metadata": {"annotations": {REPLICAS_BEFORE: None}},
                "spec": {"replicas": int(before)},
            }
            cluster.patch(component.kind, component.name, chaos_mesh_namespace, patch)
        if job in denied and cluster.list("Pod", chaos_mesh_namespace, group.selector):
            begun.append(restart(cluster, group, node=None, grace=GRACE_SECONDS))
        elif before is not None:
            begun.append(Rollout(group, int(before)))
    return begun


def restore_and_wait(
    cluster: Cluster,
    chaos_mesh_namespace: str,
    touched: Collection[str] = (),
    *,
    seconds: float = WHOLE_SECONDS,
) -> list[StuckObject]:
    """Restore what was scaled or denied, and wait until that and all that was touched is whole.

    Args:
        cluster: where.
        chaos_mesh_namespace: where Chaos Mesh runs.
        touched: the jobs of components that were restarted, scaled or denied something.
        seconds: bound for all of them together.

    Returns:
        What is not whole.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    deadline = Deadline(seconds)
    rollouts = {rollout.group.job: rollout for rollout in restore(cluster, chaos_mesh_namespace)}
    for job in touched:
        group = component_pods(job, chaos_mesh_namespace)
        rollouts.setdefault(job, Rollout(group, wanted_pods(cluster, group)))
    left = []
    for job in sorted(rollouts):
        group = rollouts[job].group
        try:
            finish(cluster, rollouts[job], deadline.left(), chaos_mesh_namespace)
        except NotReadyError as error:
            said = f"is not whole again: {'; '.join([error.problem, *error.details])}"
            left.append(StuckObject(group.kind, group.name, said))
    return left


def _kill(daemons: Daemons, pods: list[Object]) -> None:
    """Kill the processes of ending pods; where that cannot be done their grace period is waited for."""
    for node, ids in processes.container_ids_by_node(pods):
        with contextlib.suppress(HarnessError):
            seen = processes.look(daemons, node)
            found = {process.pid for identity in ids for process in processes.of_container(seen, identity)}
            if found:
                daemons.run(node, 'kill -9 "$@" || true', *map(str, sorted(found)))


class NotReadyError(HarnessError):
    """A component's pods are not there, not ready, or do not do their work."""


def _late(rollout: Rollout, late: WaitTimeoutError, seconds: float) -> NotReadyError:
    pods = late.last
    details = [line for pod in pods for line in why_not_ready(pod)]
    ending = [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" in pod["metadata"]]
    details += [f"{name}: has not ended yet" for name in ending]
    ready = sum(map(is_ready, pods))
    return NotReadyError(
        f"{rollout.group.job} has {ready} ready of {len(pods)} pods after {seconds:.0f} s; wanted: "
        f"{rollout.wanted} ready",
        details=details,
    )


def _await_leader(
    cluster: Cluster, group: PodGroup, pods: list[Object], deadline: Deadline, seconds: float
) -> None:
    """Wait until the lease, if there is one, is held by one of the pods."""
    names = {pod["metadata"]["name"] for pod in pods}
    try:
        cluster.until(
            "Lease",
            group.namespace,
            lambda lease: lease is None or holder(lease) in names,
            deadline.left(),
            LEASE,
        )
    except WaitTimeoutError as late:
        raise NotReadyError(
            f"{group.job} has no leader after {seconds:.0f} s",
            details=[f"the lease is held by {holder(lease) or 'nobody'}" for lease in late.last],
        ) from late


def _await_webhook(cluster: Cluster, left: float, seconds: float) -> None:
    try:
        await_webhook(cluster, left)
    except ApiError as error:
        problem = f"the webhook of {MANAGER} takes no experiment after {seconds:.0f} s"
        raise NotReadyError(problem, details=error.details or [error.problem]) from error


def holder(lease: Object) -> str:
    """Return the pod that holds a lease: its identity is the pod's name, an underscore and a uuid."""
    identity = (lease.get("spec") or {}).get("holderIdentity") or ""
    return str(identity).rpartition("_")[0]


def wanted_pods(cluster: Cluster, group: PodGroup) -> int:
    """Return how many pods a group is to have.

    Raises:
        InfrastructureError: what keeps them is not there.
        ApiError: the API server did not answer, or refused.
    """
    owner = _owner(cluster, group)
    if group.kind == "DaemonSet":
        return int((owner.get("status") or {}).get("desiredNumberScheduled", 0))
    return int(owner["spec"].get("replicas", 1))


def _owner(cluster: Cluster, group: PodGroup) -> Object:
    if not group.name:
        raise UsageError(
            f"the pods of this {group.job} can be neither restarted nor scaled: nothing keeps them",
            next_step="use a workload with a StatefulSet",
        )
    owner = cluster.get(group.kind, group.name, group.namespace)
    if owner is None:
        raise InfrastructureError(
            f"there is no {group.kind} {group.name} in the namespace {group.namespace}",
            next_step="look at Chaos Mesh: chaos-harness status",
        )
    return owner


def _annotations(owner: Object) -> dict[str, str]:
    return owner["metadata"].get("annotations") or {}
