"""Connects to a stack that is up: on a cluster of others behind a guard, whoever connects."""

from __future__ import annotations

from harness.kubernetes.client import Cluster
from harness.kubernetes.guard import Guard
from harness.stack.handle import StackHandle


def connect(
    handle: StackHandle,
    *,
    run: str = "",
    disruption: bool = False,
    allowed: frozenset[str] = frozenset(),
) -> Cluster:
    """Return the cluster of a stack; nothing is sent yet.

    Args:
        handle: of the stack.
        run: the run's id; "" for a command that makes no namespaces.
        disruption: Chaos Mesh's components may be restarted, scaled and denied something.
        allowed: namespaces of others that scenarios may reach.

    Raises:
        UsageError: the kubeconfig is gone.
    """
    guard = None
    if handle.target.whose == "theirs":
        # One for each connection: it has a lock, and a process that was forked cannot share it.
        guard = Guard(handle.identity, run, handle.chaos_mesh_namespace, disruption, allowed)
    return Cluster.connect(handle.kubeconfig, handle.context, guard=guard)
