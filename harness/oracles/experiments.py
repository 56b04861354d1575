"""Experiments, Schedules and Workflows as the API lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar

from harness.chaosmesh.experiments import listed
from harness.chaosmesh.phases import phase_of
from harness.kubernetes.client import Object
from harness.kubernetes.kinds import EXPERIMENT_KINDS
from harness.oracles.asking import asked
from harness.oracles.base import OneOf, Oracle, Parameters
from harness.recording.model import Point
from harness.scenario.phases import EXPERIMENT_PHASES, GONE

_MADE_BY = {"managed-by", "chaos-mesh.org/controlled-by", "chaos-mesh.org/workflow"}
"""Labels of what a Schedule or a Workflow made (Chaos Mesh, api/v1alpha1/common_types.go)."""


_PHASES = tuple(phase for phase in EXPERIMENT_PHASES if phase != GONE)
"""Of experiments that are there."""


class ExperimentParameters(Parameters):
    """Which experiments to count; all of the scenario's namespace by default.

    Attributes:
        kind: only these, such as StressChaos.
        phase: only those in this phase.
        by_hand: only those that no Schedule and no Workflow made.
    """

    kind: Annotated[str, OneOf(EXPERIMENT_KINDS)] | None = None
    phase: Annotated[str, OneOf(_PHASES)] | None = None
    by_hand: bool = False


class Experiments(Oracle):
    """Counts experiments by (namespace, kind, phase); of none there is no point.

    With `kind` and `phase` both given it is one number, which may be 0.
    """

    name: ClassVar[str] = "experiments"
    summary: ClassVar[str] = (
        "experiments in the scenario's namespace by kind and phase, from the API's objects"
    )
    parameters: ClassVar[type[Parameters]] = ExperimentParameters
    followed = "if_needed"

    def read(self, parameters: ExperimentParameters) -> list[Point]:
        """List each kind and compute the phases."""
        counts: Counter[tuple[str, str, str]] = Counter()
        for kind, found in _experiments(self, parameters):
            counts[found["metadata"]["namespace"], kind, phase_of(found)] += 1
        if parameters.kind and parameters.phase and not counts:
            counts[self.world.namespace, parameters.kind, parameters.phase] = 0
        return _points(counts)

    def instead(self, parameters: ExperimentParameters) -> list[str]:
        """Say which experiments there are."""
        return [
            f"{kind} {found['metadata']['name']} is {phase_of(found)}"
            for kind, found in _experiments(self, ExperimentParameters())
        ] or ["there is no experiment"]


class ExperimentTargets(Oracle):
    """Counts what experiments have hit or will hit, by (namespace, kind, phase) of the experiment."""

    name: ClassVar[str] = "experiment-targets"
    summary: ClassVar[str] = (
        "containers and pods in the records of the experiments in the scenario's namespace, from their status"
    )
    parameters: ClassVar[type[Parameters]] = ExperimentParameters

    def read(self, parameters: ExperimentParameters) -> list[Point]:
        """List each kind and count the records."""
        counts: Counter[tuple[str, str, str]] = Counter()
        for kind, found in _experiments(self, parameters):
            experiment = (found.get("status") or {}).get("experiment") or {}
            records = experiment.get("containerRecords") or []
            counts[found["metadata"]["namespace"], kind, phase_of(found)] += len(records)
        return _points(counts)


class ScheduleParameters(Parameters):
    """Attributes: paused: only those that are paused, or only those that are not."""

    paused: bool | None = None


class Schedules(Oracle):
    """Counts Schedules, paused ones too; of none there is no point."""

    name: ClassVar[str] = "schedules"
    summary: ClassVar[str] = "Schedules in the scenario's namespace, from the API"
    parameters: ClassVar[type[Parameters]] = ScheduleParameters
    followed = "if_needed"

    def read(self, parameters: ScheduleParameters) -> list[Point]:
        """List them."""
        wanted = parameters.paused
        return _count(self, "Schedule", lambda found: wanted in (None, phase_of(found) == "paused"))


class WorkflowParameters(Parameters):
    """Attributes: accomplished: only those that are accomplished, or only those that are not."""

    accomplished: bool | None = None


class Workflows(Oracle):
    """Counts Workflows, accomplished ones too; of none there is no point."""

    name: ClassVar[str] = "workflows"
    summary: ClassVar[str] = "Workflows in the scenario's namespace, from the API"
    parameters: ClassVar[type[Parameters]] = WorkflowParameters
    followed = "if_needed"

    def read(self, parameters: WorkflowParameters) -> list[Point]:
        """List them."""
        wanted = parameters.accomplished
        return _count(self, "Workflow", lambda found: wanted in (None, phase_of(found) == "accomplished"))


class WorkflowNodes(Oracle):
    """Counts the nodes of Workflows; of none there is no point."""

    name: ClassVar[str] = "workflow-nodes"
    summary: ClassVar[str] = "nodes of Workflows in the scenario's namespace, from the API"
    parameters: ClassVar[type[Parameters]] = Parameters

    def read(self, parameters: Parameters) -> list[Point]:
        """List them."""
        return _count(self, "WorkflowNode", lambda _: True)


def _experiments(oracle: Oracle, parameters: ExperimentParameters) -> Iterator[tuple[str, Object]]:
    """Yield the kind and the object of each experiment that is wanted."""
    kinds = [parameters.kind] if parameters.kind else EXPERIMENT_KINDS
    with asked():
        for kind in kinds:
            for found in listed(oracle.world.cluster, kind, oracle.world.namespace):
                made = (found["metadata"].get("labels") or {}).keys() & _MADE_BY
                if parameters.phase in (None, phase_of(found)) and not (parameters.by_hand and made):
                    yield kind, found


def _points(counts: Counter[tuple[str, str, str]]) -> list[Point]:
    return [
        Point(labels={"namespace": namespace, "kind": kind, "phase": phase}, value=count)
        for (namespace, kind, phase), count in counts.items()
    ]


def _count(oracle: Oracle, kind: str, wanted: Callable[[Object], bool]) -> list[Point]:
    with asked():
        found = [each for each in listed(oracle.world.cluster, kind, oracle.world.namespace) if wanted(each)]
    return [Point(labels={"namespace": oracle.world.namespace}, value=len(found))] if found else []


ORACLES = [Experiments, ExperimentTargets, Schedules, Workflows, WorkflowNodes]
