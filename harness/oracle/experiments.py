"""Experiments, Schedules and Workflows as the API lists them."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from harness.chaos.phases import phase_of
from harness.cluster.client import Cluster, Object
from harness.cluster.errors import NotFound
from harness.cluster.kinds import EXPERIMENT_KINDS
from harness.oracle.asking import asked
from harness.oracle.base import Oracle, Parameters
from harness.recording.model import Point


class ExperimentParameters(Parameters):
    """Which experiments to count; all of the scenario's namespace by default.

    Attributes:
        kind: only these, such as StressChaos.
        phase: only those in this phase.
    """

    kind: str | None = None
    phase: str | None = None


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
        kinds = [parameters.kind] if parameters.kind else EXPERIMENT_KINDS
        counts: Counter[tuple[str, str, str]] = Counter()
        with asked():
            for kind in kinds:
                for found in _listed(self.world.cluster, kind, self.world.namespace):
                    phase = phase_of(found)
                    if parameters.phase in (None, phase):
                        counts[found["metadata"]["namespace"], kind, phase] += 1
        if parameters.kind and parameters.phase and not counts:
            counts[self.world.namespace, parameters.kind, parameters.phase] = 0
        return [
            Point(labels={"namespace": namespace, "kind": kind, "phase": phase}, value=count)
            for (namespace, kind, phase), count in counts.items()
        ]


class Schedules(Oracle):
    """Counts Schedules, paused ones too; of none there is no point."""

    name: ClassVar[str] = "schedules"
    summary: ClassVar[str] = "Schedules in the scenario's namespace, from the API"
    parameters: ClassVar[type[Parameters]] = Parameters
    followed = "if_needed"

    def read(self, parameters: Parameters) -> list[Point]:
        """List them."""
        return _count(self, "Schedule")


class Workflows(Oracle):
    """Counts Workflows, accomplished ones too; of none there is no point."""

    name: ClassVar[str] = "workflows"
    summary: ClassVar[str] = "Workflows in the scenario's namespace, from the API"
    parameters: ClassVar[type[Parameters]] = Parameters
    followed = "if_needed"

    def read(self, parameters: Parameters) -> list[Point]:
        """List them."""
        return _count(self, "Workflow")


def _count(oracle: Oracle, kind: str) -> list[Point]:
    with asked():
        found = _listed(oracle.world.cluster, kind, oracle.world.namespace)
    return [Point(labels={"namespace": oracle.world.namespace}, value=len(found))] if found else []


def _listed(cluster: Cluster, kind: str, namespace: str) -> list[Object]:
    try:
        return cluster.list(kind, namespace)
    except NotFound:
        # Another version of Chaos Mesh, without this kind.
        return []


ORACLES = [Experiments, Schedules, Workflows]
