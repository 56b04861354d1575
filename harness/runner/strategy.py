"""How the steps of a scenario are performed and judged: as they are written, or without their chaos."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from harness.base.errors import InfrastructureError
from harness.judge.finding import Finding
from harness.judge.given import Given
from harness.judge.replay import judge_step
from harness.recording.foreign import named
from harness.recording.model import SPARES
from harness.results.scenario import StepResult
from harness.runner.expectations import Expectations
from harness.runner.final_look import FinalLook
from harness.runner.performer import ActionPerformer
from harness.runner.proofs import await_proof
from harness.runner.readings import OracleReadings, to_read
from harness.runner.scenario_context import ScenarioContext
from harness.runner.step_failed import StepFailedError
from harness.runner.waits import GATE_SCRAPES, Waits
from harness.scenario.model import Proof, Step


class StepStrategy(ABC):
    """Performs and judges one step after the other.

    Attributes:
        control: the chaos is left out; the recording says so.
    """

    control: ClassVar[bool] = False

    def __init__(self, context: ScenarioContext, readings: OracleReadings, waits: Waits) -> None:
        self._context = context
        self._readings = readings
        self._waits = waits
        self._performer = ActionPerformer(context)
        self._expectations = Expectations(context, readings)

    def start(self) -> None:  # noqa: B027  (nothing to do is right for some)
        """Begin before anything is made in the cluster."""

    def stop(self) -> None:  # noqa: B027
        """End what `start` began."""

    @contextmanager
    @abstractmethod
    def all_steps(self) -> Iterator[None]:
        """Put what the steps of the block came to together into the scenario's result."""

    @abstractmethod
    def perform(self, index: int, step: Step, outcome: StepResult) -> None:
        """Perform a step and judge it.

        Raises:
            StepFailedError: it failed.
        """

    @abstractmethod
    def findings(self) -> list[Finding]:
        """Return what was judged, for the recording."""


class ChaosStrategy(StepStrategy):
    """All steps as they are written."""

    def __init__(self, context: ScenarioContext, readings: OracleReadings, waits: Waits) -> None:
        super().__init__(context, readings, waits)
        self._look = FinalLook(context, readings, self._expectations.judge)

    def start(self) -> None:
        """Watch others that use Chaos Mesh."""
        self._look.start()

    def stop(self) -> None:
        """End that."""
        self._look.stop()

    @contextmanager
    def all_steps(self) -> Iterator[None]:
        """Look back at the end, however it comes."""
        try:
            yield
        finally:
            self._look.back()

    def findings(self) -> list[Finding]:
        """Return those of the result."""
        return self._context.result.findings()

    def perform(self, index: int, step: Step, outcome: StepResult) -> None:
        """Act, wait until it settles, then until all that is expected is decided."""
        context, waits, act = self._context, self._waits, step.act
        detail = {"action": act.name, SPARES: self._look.spared(index)}
        outcome.started = since = context.mark(index, "started", detail)
        begun = self._performer.perform_or_be_refused(step)
        outcome.acknowledged = context.mark(index, "acknowledged")
        deadline = context.clock.working() + step.bound * context.around.patience
        if begun is not None:
            waits.rollout(begun, deadline, answers=act.answers)
            act.settled(self._performer)
        expected: list[Given] | None = None
        if act.scrapes:
            # Read before the scrapes that are waited for, so that these can be compared already.
            expected = self._record_expectations(index, step)
            self._readings.read_all(to_read(expected))
            waits.scrapes(since, act.scrapes, GATE_SCRAPES + act.scrapes)
        if act.chaos is not None and not act.refused:
            waits.phase(step, deadline, self._readings.record_events)
        for proof in step.proof:
            outcome.proofs.append(self._await_proof(proof, since, deadline))
        outcome.settled = context.mark(index, "settled", {"proofs": outcome.proofs})
        if expected is None:
            expected = self._record_expectations(index, step)
        self._look.at_end(index, since, expected, self._expectations.decide(expected))
        outcome.ended = context.mark(index, "ended")
        outcome.findings = judge_step(
            context.recording, context.recording.marks[-1], self._expectations.judge
        )

    def _await_proof(self, proof: Proof, since: float, deadline: float) -> str:
        """Read until a proof holds; return how it does.

        Raises:
            StepFailedError: the chaos had no effect.
            InfrastructureError: nobody knows: others may be why, or the oracle does not answer.
        """
        try:
            return await_proof(self._context, self._readings, proof, deadline)
        except StepFailedError as failed:
            if others := self._look.others_at(proof.oracle, since):
                raise InfrastructureError(
                    f"inconclusive: others use Chaos Mesh: {named(others)}: {failed.problem.reason}",
                    next_step="run it when nobody else does",
                    details=failed.problem.details,
                ) from failed
            raise

    def _record_expectations(self, index: int, step: Step) -> list[Given]:
        found = []
        for position, expectation in enumerate(step.expect):
            identity = f"{index}.{position}"
            watched = self._look.watches(index, identity, expectation)
            found.append(self._expectations.record(index, identity, expectation, watched=watched))
        return found
