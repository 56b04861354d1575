"""The phases that an object of Chaos Mesh can be in, by its kind; see harness/chaosmesh/phases.py."""

from __future__ import annotations

GONE = "gone"
"""The phase of what does not exist."""

THERE = "there"
"""The phase of what has none: it exists."""

EXPERIMENT_PHASES = ("injecting", "running", "paused", "finished", "deleting", GONE)
"""Chaos Mesh's own five (GetChaosStatus in pkg/status/status.go, release 2.8), and gone."""

_PHASES = {
    "Schedule": ("waiting", "spawned", "paused", "deleting", GONE),
    "Workflow": ("waiting", "running", "accomplished", "deleting", GONE),
    "StatusCheck": ("waiting", "running", "accomplished", "deleting", GONE),
    **dict.fromkeys(
        ("WorkflowNode", "PhysicalMachine", "PodHttpChaos", "PodIOChaos", "PodNetworkChaos"),
        (THERE, "deleting", GONE),
    ),
}
"""Of kinds that are no experiments.

A StatusCheck has `status.startTime` from its first check on, and a condition `Completed` in the end
(api/v1alpha1/statuscheck_types.go). Of the others nothing is known but that they are there.

A Schedule has no `status.time` until it fires for the first time (controllers/schedule/cron), which may be
never. Chaos Mesh itself knows two kinds of them (GetScheduleStatus in pkg/status/status.go): paused by their
annotation, and running, which are those that wait and those that have spawned.
"""

_PASSING = {
    "Schedule": ("deleting",),
    "Workflow": ("waiting", "deleting"),
    "StatusCheck": ("waiting", "deleting"),
    **dict.fromkeys(
        ("WorkflowNode", "PhysicalMachine", "PodHttpChaos", "PodIOChaos", "PodNetworkChaos"), ("deleting",)
    ),
}
"""Phases of which nothing sees to it that anybody sees them.

Chaos Mesh puts its finalizer on experiments only (controllers/common/finalizers), so a Schedule or a Workflow
that is deleted is gone. A Workflow waits until its first reconciliation, which writes `status.startTime`
whatever becomes of its entry (pkg/workflow/controllers/workflow_entry_reconciler.go).
"""

WITHOUT_EFFECT = ("injecting", "waiting")
"""The phases in which a chaos has done nothing yet."""


def phases_of(kind: str) -> tuple[str, ...]:
    """Return the phases that an object of a kind can be in."""
    return _PHASES.get(kind, EXPERIMENT_PHASES)


def lasting_phases(kind: str) -> tuple[str, ...]:
    """Return the phases that a step can wait for with a chaos of a kind."""
    return tuple(phase for phase in phases_of(kind) if phase not in _PASSING.get(kind, ()))
