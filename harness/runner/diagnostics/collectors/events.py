"""Events: what Kubernetes and Chaos Mesh's controllers said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from harness.oracles.events import event_of
from harness.runner.diagnostics.scene import DiagnosticsContext


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Events of the scenario's namespace, and of Chaos Mesh's own, in the order of time."""
    for namespace in (scene.namespace, scene.chaos_mesh_namespace):
        yield f"events-{_who(scene, namespace)}.txt", events_in(scene, namespace)


def events_in(scene: DiagnosticsContext, namespace: str) -> str:
    """Return the events of a namespace, one a line, in the order of time."""
    return "".join(sorted(map(_line, scene.cluster.list("Event", namespace))))


def _who(scene: DiagnosticsContext, namespace: str) -> str:
    return "scenario" if namespace == scene.namespace else "chaos-mesh"


def _line(found: dict[str, Any]) -> str:
    event = event_of(found)
    at = datetime.fromtimestamp(event.time, UTC).isoformat(timespec="milliseconds")
    # What the kubelet repeats is one object, with a number and the time of the last.
    last = f" (x{found['count']}, last {found.get('lastTimestamp')})" if (found.get("count") or 1) > 1 else ""
    message = " ".join(event.message.split())
    who = f"{event.event_type} {event.component} {event.kind}/{event.object}"
    return f"{at} {who} {event.reason}: {message}{last}\n"
