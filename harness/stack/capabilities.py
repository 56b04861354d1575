"""What a stack that is up can do: probed where it matters, not guessed from what was installed."""

from __future__ import annotations

from harness.chaosmesh.capabilities import probe
from harness.chaosmesh.release import release_of
from harness.stack.connection import connect
from harness.stack.handle import StackHandle


def with_capabilities(handle: StackHandle) -> StackHandle:
    """Return the handle with its capabilities probed in the daemon's container on each node.

    Raises:
        ApiError: the API server did not answer.
        InfrastructureError: no daemon runs.
    """
    cluster = connect(handle)
    release = release_of(handle.versions)
    target = handle.target
    found = probe(cluster, handle.chaos_mesh_namespace, release, target.not_ready, closed=target.node_refused)
    return handle.model_copy(update={"capabilities": found})
