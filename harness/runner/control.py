"""Runs a scenario without its chaos: what is claimed about an effect must then not hold.

harness/judge/control.py has the rules that say what a claim that holds all the same comes to.
"""

from __future__ import annotations

from typing import Any

from harness.judge.control import CHAOS, control, without_chaos
from harness.judge.finding import Finding, Verdict
from harness.judge.proof import check_proof, split_proof
from harness.judge.replay import judge_step
from harness.recording.model import Expected, Note
from harness.runner import actions
from harness.runner.actions import Applied, StepFailed
from harness.runner.result import StepResult
from harness.runner.runner import GATE_SCRAPES, ScenarioRun
from harness.scenario.model import Proof, Step
from harness.scenario.template import resolve

_HOLDS = {Verdict.PASS: True, Verdict.FAIL: False}


class ControlRun(ScenarioRun):
    """One scenario without its chaos.

    What would be chaos is left out with its phases, and so is what replaces pods; all other actions are
    performed, and what they come to is noted.
    """

    control = True

    def perform(self) -> None:
        """Set up and perform the steps; what each claim came to goes into the result."""
        self._holds: dict[str, bool | None] = {}
        self._promql: dict[str, str] = {}
        self._judged: list[Finding] = []
        super().perform()
        self._result.control = control(self._scenario.steps, self._holds, self._promql)

    def findings(self) -> list[Finding]:
        """Return what was judged; none of it is a verdict on the product."""
        return self._judged

    def _perform_step(self, index: int, step: Step, outcome: StepResult) -> None:
        outcome.started = self._mark(index, "started", {"action": step.action})
        if step.action not in CHAOS:
            self._stimulate(index, step)
        outcome.acknowledged = self._mark(index, "acknowledged")
        if step.wait is not None:
            self._await_scrapes(outcome.started, step.wait, GATE_SCRAPES + step.wait)
        for position, proof in enumerate(step.proof):
            self._holds[f"{index}.proof.{position}"] = self._proves(proof)
        outcome.settled = self._mark(index, "settled")
        self._decide(self._resolve_expectations(index, step))
        outcome.ended = self._mark(index, "ended")
        recording = self._recorder.recording
        for finding in judge_step(recording, recording.marks[-1], self._judge):
            self._judged.append(finding)
            self._holds[finding.id] = _HOLDS.get(finding.verdict)
            self._promql[finding.id] = finding.promql

    def _stimulate(self, index: int, step: Step) -> None:
        """Perform an action that is no chaos; that it comes to something else than wanted is no failure."""
        try:
            if step.traffic is None:
                self._act(step)
                return
            assert self._workload is not None
            wanted = step.traffic.model_copy(update={"answered": None})
            answer = actions.traffic(self._cluster, self._workload, wanted, self._scope())
            self._recorder.add(Note(time=self._clock.now(), text="traffic", detail=answer))
            if step.traffic.answered is not None:
                self._holds[f"{index}.answered"] = answer["answered"] == step.traffic.answered
        except StepFailed as error:
            text = f"without chaos: {error.problem.reason}"
            self._recorder.add(Note(time=self._clock.now(), text=text, detail=error.problem.model_dump()))

    def _proves(self, proof: Proof) -> bool | None:
        """Return whether a proof holds without the chaos; None when its oracle could not be read."""
        name, comparison, parameters = split_proof(resolve(dict(proof.model_extra or {}), self._scope()))
        reading = self._read(proof.oracle, parameters)
        return None if reading.vector is None else check_proof(name, comparison, reading.vector)[0]

    def _resolve_expectations(self, index: int, step: Step) -> list[Expected]:
        return [
            self._resolved(index, f"{index}.{position}{suffix}", judged)
            for position, expectation in enumerate(step.expect)
            for suffix, judged in without_chaos(expectation)
        ]

    def _scope(self) -> dict[str, Any]:
        """Return what templates refer to: each chaos as if it had hit all of the workload."""
        targets = self._workload.targets if self._workload else []
        for name, chaos in self._scenario.chaos.items():
            called = chaos.name or name
            self._applied.setdefault(name, Applied(chaos.kind, called, self._namespace, targets=targets))
        return super()._scope()
