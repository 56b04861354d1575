"""What a stack that is up can do: probed where it matters, not guessed from what was installed."""

from __future__ import annotations

from pathlib import Path

from harness.chaosmesh.capabilities import anywhere, probe, probe_apart
from harness.chaosmesh.release import release_of
from harness.stack import uml
from harness.stack.connection import connect
from harness.stack.handle import StackHandle
from harness.stack.state import StateFolder


def with_capabilities(handle: StackHandle) -> StackHandle:
    """Return the handle with its capabilities probed in the daemon's container on each node.

    Raises:
        ApiError: the API server did not answer.
        InfrastructureError: no daemon runs.
    """
    cluster, target, node = connect(handle), handle.target, node_apart(handle)
    not_asked = [*target.not_ready, *filter(None, [node])]
    namespace, release = handle.chaos_mesh_namespace, release_of(handle.versions)
    found = probe(cluster, namespace, release, not_asked, closed=target.node_refused)
    if node:
        found = anywhere(found, probe_apart(cluster, namespace, node))
    return handle.model_copy(update={"capabilities": found})


def node_apart(handle: StackHandle) -> str:
    """Return the name of the worker in user-mode Linux, which is set apart; empty when there is none."""
    own = uml.name_of(handle.cluster)
    return next((node.name for node in handle.nodes if node.name == own), "")


def logs_apart(handle: StackHandle) -> Path:
    """Return the folder of its logs."""
    return uml.logs_in(StateFolder(handle.cluster).logs)


def interval_apart(handle: StackHandle) -> float:
    """Return the interval of the scrapes of what runs there, seconds."""
    return max(uml.SCRAPE_SECONDS, handle.scrape_interval)
