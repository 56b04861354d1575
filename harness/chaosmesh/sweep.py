"""Removes what killed runs left in a cluster, and names what does not go."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.base.errors import InfrastructureError
from harness.chaosmesh import rollout
from harness.chaosmesh.cleanup import CLEANUP_SECONDS, await_gone, clean
from harness.kubernetes import namespaces, remains
from harness.kubernetes.client import Cluster, Object

_ANEW = "make the cluster again: chaos-harness down, then up"
FORCE = "chaos-harness sweep --force"
# It was asked to go by an earlier run already: what goes by itself has gone.
_TERMINATING_SECONDS = 6.0
_FORCED_SECONDS = 15.0


@dataclass(frozen=True)
class Stuck:
    """A namespace that does not go; nothing in it is chaos, or a process, or a pod that was broken.

    Attributes:
        namespace: its name.
        holds: what keeps it, a line each.
    """

    namespace: str
    holds: list[str]

    def text(self) -> str:
        """Return a sentence about it."""
        return f"the namespace {self.namespace} of an earlier run does not go: {'; '.join(self.holds)}"


@dataclass(frozen=True)
class Swept:
    """What became of the namespaces of other runs.

    Attributes:
        removed: those that are gone.
        stuck: those that are not.
        strange: those that have the harness' label, and were not made on this stack: left alone.
    """

    removed: list[str] = field(default_factory=list)
    stuck: list[Stuck] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def warnings(self, words: str = "") -> list[str]:
        """Return what a person should know, a line each; `words` are the options that name the cluster."""
        named = f" {words}" if words else ""
        lines = [
            f"{each.text()}. Its chaos is gone, and nothing of it is in the way; next step: {FORCE}{named}"
            for each in self.stuck
        ]
        return lines + [
            f"the namespace {name} has the label of the harness and was not made by a run on this stack: "
            "it is left alone; next step: delete it if it is nobody's"
            for name in self.strange
        ]


def sweep(cluster: Cluster, run: str, stack: str, chaos_mesh_namespace: str, *, force: bool = False) -> Swept:
    """Clean up what other runs left behind. The caller holds the cluster, so that none of them lives.

    Chaos Mesh comes first: chaos goes only while all of it works.

    Args:
        cluster: where.
        run: this run's id; its namespaces are left alone.
        stack: the stack's identity: only namespaces that bear it are touched.
        chaos_mesh_namespace: where Chaos Mesh runs.
        force: remove the finalizers of what keeps a namespace.

    Raises:
        InfrastructureError: Chaos Mesh is not as it was, or chaos of an earlier run may be in force.
    """
    degraded = rollout.restore_and_wait(cluster, chaos_mesh_namespace)
    if degraded:
        raise InfrastructureError(
            "Chaos Mesh, which an earlier run scaled or denied something, cannot be restored",
            next_step=_ANEW,
            details=[f"{item.kind} {item.name}: {item.what_was_done}" for item in degraded],
        )
    swept = Swept()
    for found in namespaces.labelled(cluster):
        name = found["metadata"]["name"]
        made_by, on = namespaces.made_by(found)
        if made_by and made_by == run:
            continue
        # Earlier versions wrote no stack; what was asked to go already is no loss to anybody.
        ours = on == stack or (not on and "deletionTimestamp" in found["metadata"])
        if not (made_by and ours):
            swept.strange.append(name)
        elif stuck := _remove(cluster, found, chaos_mesh_namespace, force=force):
            swept.stuck.append(stuck)
        else:
            swept.removed.append(name)
    return swept


def _remove(cluster: Cluster, found: Object, chaos_mesh_namespace: str, *, force: bool) -> Stuck | None:
    name = found["metadata"]["name"]
    seconds = _TERMINATING_SECONDS if "deletionTimestamp" in found["metadata"] else CLEANUP_SECONDS
    in_force = [left for left in clean(cluster, name, chaos_mesh_namespace, wait=False) if not left.forced]
    if in_force:
        raise InfrastructureError(
            f"what an earlier run left in the namespace {name} cannot be removed; chaos may be in force",
            next_step=_ANEW,
            details=[f"{item.kind} {item.name}: {item.what_was_done}" for item in in_force],
        )
    if all(left.forced for left in await_gone(cluster, [name], seconds)):
        return None
    if force:
        remains.release(cluster, name)
        if not await_gone(cluster, [name], _FORCED_SECONDS):
            return None
    return Stuck(name, remains.lines(cluster, name))
