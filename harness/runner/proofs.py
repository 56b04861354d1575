"""Reads whether the chaos has its effect, which an oracle says and never a metric."""

from __future__ import annotations

from harness.base.errors import InfrastructureError
from harness.base.waiting import asking
from harness.judge.proof import check_proof, split_proof
from harness.results.scenario import StepProblem
from harness.runner.readings import OracleReadings
from harness.runner.scenario_context import ScenarioContext
from harness.runner.step_failed import StepFailedError
from harness.scenario.model import Proof

_PAUSE_SECONDS = 0.1
_MOST_INSTEAD = 12
"""Lines of what was there instead: an application may run hundreds of things."""


def proven(context: ScenarioContext, readings: OracleReadings, proof: Proof) -> tuple[bool | None, str]:
    """Read a proof's oracle once; return whether it holds, None where it could not be read, and a text."""
    name, comparison, parameters = split_proof(context.resolve(dict(proof.model_extra or {})))
    reading = readings.read(proof.oracle, parameters)
    if reading.vector is None:
        return None, f"{proof.oracle} could not be read: {reading.error}"
    holds, text = check_proof(name, comparison, reading.vector)
    return holds, f"{readings.asked_for(proof.oracle, parameters)}: {text}"


def await_proof(context: ScenarioContext, readings: OracleReadings, proof: Proof, deadline: float) -> str:
    """Read until a proof holds; return how it does.

    Raises:
        StepFailedError: the chaos had no effect by the deadline.
        InfrastructureError: the oracle could not be read at the last.
    """
    from tenacity import RetryError, retry_if_result

    clock = context.clock

    def look() -> tuple[bool | None, str]:
        holds, text = proven(context, readings, proof)
        if not holds:
            context.observer.waiting(f"the proof of an effect: {text}")
        return holds, text

    without = retry_if_result(lambda seen: not seen[0])
    left = deadline - clock.working()
    waiting = asking(without, seconds=left, every=_PAUSE_SECONDS, clock=clock.working, sleep=clock.sleep)
    try:
        return waiting(look)[1]
    except RetryError as late:
        holds, text = late.last_attempt.result()
    if holds is None:
        # Nobody knows whether there was an effect: that is no failure of the product.
        raise InfrastructureError(
            f"the proof of an effect could not be had: {text}",
            next_step="look at the component that the oracle asks; chaos-harness status helps",
        )
    details = [f"because: {proof.because}"] if proof.because else []
    parameters = split_proof(context.resolve(dict(proof.model_extra or {})))[2]
    details += [f"instead: {line}" for line in readings.instead(proof.oracle, parameters)[:_MOST_INSTEAD]]
    raise StepFailedError(
        StepProblem(kind="proof", reason=f"the chaos had no effect: {text}", details=details)
    )
