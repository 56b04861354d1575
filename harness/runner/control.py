"""Runs a scenario without its chaos: what is claimed about an effect must then not hold.

harness/judge/control.py has the rules that say what a claim that holds all the same comes to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.actions.action import ControlRole
from harness.judge.control import control, without_chaos
from harness.judge.finding import Finding, Verdict
from harness.judge.replay import judge_step
from harness.results.scenario import StepResult
from harness.runner.actions import Applied
from harness.runner.proofs import proven
from harness.runner.readings import OracleReadings
from harness.runner.scenario_context import ScenarioContext
from harness.runner.step_failed import StepFailedError
from harness.runner.strategy import StepStrategy
from harness.runner.waits import GATE_SCRAPES, Waits
from harness.scenario.model import Step

_HOLDS = {Verdict.PASS: True, Verdict.FAIL: False}


class ControlStrategy(StepStrategy):
    """The steps without their chaos.

    What would be chaos is left out with its phases, and so is what replaces pods; all other actions are
    performed, and what they come to is noted.
    """

    control = True

    def __init__(self, context: ScenarioContext, readings: OracleReadings, waits: Waits) -> None:
        super().__init__(context, readings, waits)
        self._holds: dict[str, bool | None] = {}
        self._promql: dict[str, str] = {}
        self._judged: list[Finding] = []

    @contextmanager
    def all_steps(self) -> Iterator[None]:
        """Work out what each claim came to, where all steps were performed."""
        yield
        self._context.result.control = control(self._context.scenario.steps, self._holds, self._promql)

    def findings(self) -> list[Finding]:
        """Return what was judged; none of it is a verdict on the product."""
        return self._judged

    def perform(self, index: int, step: Step, outcome: StepResult) -> None:
        """Leave the chaos out, and note which claims hold."""
        context, act = self._context, step.act
        self._pretend_all_is_hit()
        outcome.started = context.mark(index, "started", {"action": act.name})
        if act.role is not ControlRole.LEFT_OUT:
            self._stimulate(index, step)
        outcome.acknowledged = context.mark(index, "acknowledged")
        if act.scrapes:
            self._waits.scrapes(outcome.started, act.scrapes, GATE_SCRAPES + act.scrapes)
        for position, proof in enumerate(step.proof):
            self._holds[f"{index}.proof.{position}"] = proven(context, self._readings, proof)[0]
        outcome.settled = context.mark(index, "settled")
        self._expectations.decide(
            [
                self._expectations.record(index, f"{index}.{position}{suffix}", judged, watched=False)
                for position, expectation in enumerate(step.expect)
                for suffix, judged in without_chaos(expectation)
            ]
        )
        outcome.ended = context.mark(index, "ended")
        for finding in judge_step(context.recording, context.recording.marks[-1], self._expectations.judge):
            self._judged.append(finding)
            self._holds[finding.id] = _HOLDS.get(finding.verdict)
            self._promql[finding.id] = finding.promql

    def _stimulate(self, index: int, step: Step) -> None:
        """Perform an action that is no chaos; that it comes to something else than wanted is no failure."""
        context = self._context
        try:
            held = step.act.perform_in_control(self._performer)
            if held is not None:
                self._holds[f"{index}.answered"] = held
        except StepFailedError as error:
            context.note(f"without chaos: {error.problem.reason}", error.problem.model_dump())

    def _pretend_all_is_hit(self) -> None:
        """Let templates refer to each chaos as if it had hit all of the workload."""
        context = self._context
        for name, chaos in context.scenario.chaos.items():
            called = chaos.name or name
            applied = Applied(chaos.kind, called, context.namespace, targets=context.targets)
            context.applied.setdefault(name, applied)
