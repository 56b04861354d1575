"""The phase of an experiment, Schedule or Workflow, computed from the object that the API gives.

Independent of the metrics, and the same function that the label `phase` of
`chaos_controller_manager_chaos_experiments` promises: Chaos Mesh, pkg/status/status.go (GetChaosStatus) and
controllers/utils/controller (IsChaosFinished), release 2.8.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from harness.base.durations import GO, seconds_of
from harness.kubernetes.kinds import FURTHER_KINDS, MAKERS
from harness.recording.model import KubernetesEvent
from harness.scenario.phases import GONE, THERE

PAUSE_ANNOTATION = "experiment.chaos-mesh.org/pause"
"""Read by the controllers of experiments, and by the one of schedules (Chaos Mesh, api/v1alpha1)."""

# Actions that do something once and have nothing to recover (api/v1alpha1, the markers `oneshot`).
_ONE_SHOT = {
    "PodChaos": {"pod-kill", "container-kill"},
    "AWSChaos": {"ec2-restart"},
    "AzureChaos": {"vm-restart"},
    "GCPChaos": {"node-reset"},
}
_INJECTED, _NOT_INJECTED = "Injected", "Not Injected"

_SHOWN_EVENTS = 5


def phase_of(  # noqa: PLR0911  (one for each sort of kinds)
    found: dict[str, Any] | None, now: float | None = None
) -> str:
    """Return the phase of an object.

    Args:
        found: the object, or None when it does not exist.
        now: seconds since the epoch; whether a duration is over depends on it.

    Returns:
        One of `harness.scenario.phases.phases_of(kind)`.
    """
    if found is None:
        return GONE
    if found["metadata"].get("deletionTimestamp"):
        return "deleting"
    if found["kind"] == "Schedule":
        return _schedule_phase(found)
    if found["kind"] == "Workflow":
        return _begun_phase(found, "Accomplished")
    if found["kind"] == "StatusCheck":
        return _begun_phase(found, "Completed")
    if found["kind"] in FURTHER_KINDS:
        return THERE
    return _experiment_phase(found, time.time() if now is None else now)


def reached(found: dict[str, Any] | None, wanted: str) -> bool:
    """Return whether an object is in a phase, or in one that can only come after it.

    A Schedule that has spawned is `running` too, as is a Workflow that is accomplished: both pass
    the earlier phase too quickly to be required.
    """
    phase = phase_of(found)
    if wanted == "running" and found is not None:
        if found["kind"] == "Schedule":
            return phase in {"waiting", "spawned"}
        if found["kind"] in ("Workflow", "StatusCheck"):
            return phase in {"running", "accomplished"}
    return phase == wanted


def explain(found: dict[str, Any] | None, events: Iterable[KubernetesEvent]) -> list[str]:
    """Say why an object may not be in the phase that one waits for.

    Args:
        found: the object, or None when it does not exist.
        events: of the namespace, in any order.

    Returns:
        Lines: its conditions, what the failed records say (the daemon's own words), its warnings.
    """
    if found is None:
        return ["the object does not exist"]
    lines = [f"phase {phase_of(found)}"]
    conditions = _conditions(found)
    if conditions:
        lines.append("conditions: " + ", ".join(f"{name} {met}" for name, met in sorted(conditions.items())))
    if finalizers := found["metadata"].get("finalizers"):
        lines.append(f"finalizers: {', '.join(finalizers)}")
    records = _records(found)
    if found["kind"] not in {*MAKERS, *FURTHER_KINDS} and not records:
        lines.append("no target was selected")
    for record in records:
        lines.append(f"{record['id']}: {record['phase']}{_last_failure(record)}")
    name = found["metadata"]["name"]
    warnings: dict[str, int] = {}
    for event in sorted(events, key=lambda event: event.time):
        if event.event_type == "Warning" and event.object == name:
            text = f"{event.reason}: {event.message}"
            warnings[text] = warnings.pop(text, 0) + 1
    for text, count in list(warnings.items())[-_SHOWN_EVENTS:]:
        lines.append(f"event {text}" + (f" ({count} times)" if count > 1 else ""))
    return lines


def is_one_shot(kind: str, action: object) -> bool:
    """Say whether an experiment does something once and has nothing to recover: it is never `running`."""
    return action in _ONE_SHOT.get(kind, ())


def ends_at(found: dict[str, Any]) -> float | None:
    """Return when the duration of an experiment is over, seconds since the epoch; None without a duration.

    The time of its creation has whole seconds, and Chaos Mesh counts from there as well.
    """
    try:
        duration = seconds_of((found.get("spec") or {}).get("duration") or "", GO)
        return datetime.fromisoformat(found["metadata"]["creationTimestamp"]).timestamp() + duration
    except (ValueError, TypeError, KeyError):
        return None


def _experiment_phase(found: dict[str, Any], now: float) -> str:
    conditions = _conditions(found)
    if conditions.get("Paused"):
        return "paused"
    if _finished(found, now):
        return "finished"
    if conditions.get("Selected") and conditions.get("AllInjected"):
        return "running"
    return "injecting"


def _finished(found: dict[str, Any], now: float) -> bool:
    spec = found.get("spec") or {}
    records = _records(found)
    if is_one_shot(found["kind"], spec.get("action")):
        return bool(records) and all(record["phase"] == _INJECTED for record in records)
    experiment = (found.get("status") or {}).get("experiment") or {}
    if experiment.get("desiredPhase") == "Run":
        return False
    if any(record["phase"] != _NOT_INJECTED for record in records):
        return False
    ends = ends_at(found)
    return ends is not None and ends < now


def _schedule_phase(found: dict[str, Any]) -> str:
    if (found["metadata"].get("annotations") or {}).get(PAUSE_ANNOTATION) == "true":
        return "paused"
    status = found.get("status") or {}
    return "spawned" if status.get("time") or status.get("active") else "waiting"


def _begun_phase(found: dict[str, Any], condition: str) -> str:
    """Return the phase of what is over when it meets a condition."""
    if _conditions(found).get(condition):
        return "accomplished"
    return "running" if (found.get("status") or {}).get("startTime") else "waiting"


def _conditions(found: dict[str, Any]) -> dict[str, bool]:
    conditions = (found.get("status") or {}).get("conditions") or []
    return {condition["type"]: condition["status"] == "True" for condition in conditions}


def _records(found: dict[str, Any]) -> list[dict[str, Any]]:
    experiment = (found.get("status") or {}).get("experiment") or {}
    return list(experiment.get("containerRecords") or [])


def _last_failure(record: dict[str, Any]) -> str:
    for event in reversed(record.get("events") or []):
        if event.get("type") == "Failed":
            return f"; {str(event.get('operation', '')).lower()} failed: {event.get('message', '')}"
    return ""
