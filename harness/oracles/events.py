"""Events that Chaos Mesh's controllers emitted, through a watch that starts with the scenario."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from harness.chaosmesh.catalogue import catalogue
from harness.kubernetes.client import Object
from harness.kubernetes.follower import Follower
from harness.oracles.asking import asked
from harness.oracles.base import OneOf, Oracle, Parameters, unknown_name
from harness.oracles.context import OracleContext
from harness.recording.model import KubernetesEvent, Point

# The recorders whose events are counted (Chaos Mesh, controllers/utils/recorder, release 2.8). `condition`,
# `podhttpchaos` and `podiochaos` use client-go's recorder, which counts nothing.
COUNTED_COMPONENTS = frozenset(
    {
        "desiredphase",
        "initFinalizers",
        "records",
        "podnetworkchaos",
        "schedule-active",
        "schedule-cron",
        "schedule-gc",
        "schedule-pause",
        "statuscheck",
        "workflow-entry-reconciler",
        "workflow-serial-node-reconciler",
        "workflow-parallel-node-reconciler",
        "workflow-deadline-reconciler",
        "workflow-chaos-node-reconciler",
        "workflow-task-reconciler",
        "workflow-statuscheck-reconciler",
        "workflow-abort-node-reconciler",
        "workflow-abort-workflow-reconciler",
    }
)

_NANOSECONDS = 1e9


_TYPES = ("Normal", "Warning")
_METRIC = "chaos_controller_manager_emitted_event_total"
"""Whose catalogue entry lists the reasons."""


def known_reasons() -> tuple[str, ...]:
    """Return the reasons of the events that Chaos Mesh counts."""
    metric = catalogue().find(_METRIC)
    return metric.values.get("reason", ()) if metric else ()


def _reasons(schema: dict[str, Any]) -> None:
    """Suggest them to editors; with `component` there are others."""
    schema["examples"] = list(known_reasons())


class EventParameters(Parameters):
    """Which events to count; all of the scenario's namespace by default.

    Attributes:
        type: Normal or Warning.
        reason: such as Applied; without `component` one that Chaos Mesh counts.
        component: only those of this recorder, also when they are none of Chaos Mesh's counted ones.
    """

    type: Annotated[str, OneOf(_TYPES)] | None = None
    component: str | None = None
    reason: Annotated[str, Field(json_schema_extra=_reasons)] | None = None

    @field_validator("reason")
    @classmethod
    def _known_reason(cls, reason: str | None, info: ValidationInfo) -> str | None:
        known = known_reasons()
        if info.data.get("component") is None and reason is not None and known and reason not in known:
            raise unknown_name(reason, known)
        return reason


class Events(Oracle):
    """Counts events by (type, reason, namespace).

    Each event of Chaos Mesh is an object of its own, never aggregated. Objects that expire or go with
    their namespace stay counted: whatever the watch or a list has seen once is kept.
    """

    name: ClassVar[str] = "events"
    summary: ClassVar[str] = "events that Chaos Mesh's controllers emitted in the scenario's namespace"
    parameters: ClassVar[type[Parameters]] = EventParameters
    followed: ClassVar[Literal["never", "if_needed", "always"]] = "always"

    def __init__(self, world: OracleContext) -> None:
        super().__init__(world)
        self._lock = threading.Lock()
        self._seen: dict[str, KubernetesEvent] = {}
        self._new: list[KubernetesEvent] = []
        # `read` reports a cluster that does not answer; the follower only tries again.
        self._follower = Follower(world.cluster, "Event", world.namespace, self._add)

    def start(self) -> None:
        """Begin to watch, in a thread."""
        self._follower.start()

    def stop(self) -> None:
        """End the watch."""
        self._follower.stop()

    def read(self, parameters: EventParameters) -> list[Point]:
        """Add a list to what the watch has seen, and count."""
        return _points(Counter(_labels(event) for event in self._wanted(parameters)))

    def instead(self, parameters: EventParameters) -> list[str]:
        """Say which events there were, of the same recorder."""
        seen = self._wanted(EventParameters(component=parameters.component))
        counts = Counter((event.event_type, event.reason, event.component) for event in seen)
        return [
            f"{event_type} {reason} of {component}: {number}"
            for (event_type, reason, component), number in sorted(counts.items())
        ] or ["there was no event"]

    def _wanted(self, parameters: EventParameters) -> list[KubernetesEvent]:
        with asked():
            for found in self.world.cluster.list("Event", self.world.namespace):
                self._add(found)
        with self._lock:
            return [
                event
                for event in self._seen.values()
                if _of(event.component, parameters.component)
                and parameters.type in (None, event.event_type)
                and parameters.reason in (None, event.reason)
            ]

    def new_events(self) -> list[KubernetesEvent]:
        """Return the events that were seen since the last call, of all components, oldest first."""
        with self._lock:
            new, self._new = self._new, []
        return sorted(new, key=lambda event: event.time)

    def _add(self, found: Object) -> None:
        identity = found["metadata"]["uid"]
        with self._lock:
            if identity not in self._seen:
                event = event_of(found)
                self._seen[identity] = event
                self._new.append(event)


class EventObjects(Events):
    """Counts the objects that events are about, by (type, reason, namespace) of the events."""

    name: ClassVar[str] = "event-objects"
    summary: ClassVar[str] = (
        "objects that Chaos Mesh's controllers emitted events about in the scenario's namespace"
    )
    followed = "never"

    def read(self, parameters: EventParameters) -> list[Point]:
        """Add a list to what the watch has seen, and count."""
        about = {(_labels(event), event.kind, event.object) for event in self._wanted(parameters)}
        return _points(Counter(labels for labels, _, _ in about))


def _labels(event: KubernetesEvent) -> tuple[str, str, str]:
    return event.event_type, event.reason, event.namespace


def _points(counts: Counter[tuple[str, str, str]]) -> list[Point]:
    return [
        Point(labels={"type": event_type, "reason": reason, "namespace": namespace}, value=count)
        for (event_type, reason, namespace), count in counts.items()
    ]


def _of(component: str, wanted: str | None) -> bool:
    return component in COUNTED_COMPONENTS if wanted is None else component == wanted


def event_of(found: Object) -> KubernetesEvent:
    """Return a core/v1 Event as an entry of the recording."""
    source = found.get("source") or {}
    involved = found.get("involvedObject") or {}
    return KubernetesEvent(
        time=_time_of(found),
        namespace=found["metadata"].get("namespace", ""),
        kind=involved.get("kind", ""),
        object=involved.get("name", ""),
        component=source.get("component") or found.get("reportingComponent") or "",
        event_type=found.get("type", ""),
        reason=found.get("reason", ""),
        message=found.get("message", ""),
    )


def _time_of(found: Object) -> float:
    # The timestamps have whole seconds; recorders name an event <object>.<nanoseconds in hexadecimal>.
    created = datetime.fromisoformat(found["metadata"]["creationTimestamp"]).timestamp()
    suffix = found["metadata"]["name"].rpartition(".")[2]
    try:
        exact = int(suffix, 16) / _NANOSECONDS
    except ValueError:
        return created
    return exact if abs(exact - created) < 60 else created


ORACLES = [Events, EventObjects]
