"""How many requests were answered is compared where they are sent, and noted in a control run."""

from __future__ import annotations

from typing import Any

import pytest

from harness.actions.traffic import Traffic, TrafficAction
from harness.results.scenario import StepProblem
from harness.runner.step_failed import StepFailedError


class FakeContext:
    """Of ActionContext, what the action asks for."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, dict[str, Any]]] = []

    def traffic(self, wanted: Traffic) -> dict[str, Any]:
        return {"sent": wanted.requests, "answered": 3}

    def resolve(self, value: str) -> str:
        return value.replace("${first}", "a")

    def note(self, text: str, detail: dict[str, Any]) -> None:
        self.notes.append((text, detail))

    def failed(self, kind: str, reason: str) -> StepFailedError:
        return StepFailedError(StepProblem(kind=kind, reason=reason))


@pytest.fixture
def context() -> Any:
    return FakeContext()


def traffic(answered: int | None) -> TrafficAction:
    return TrafficAction(Traffic(source="${first}", target="b", requests=5, answered=answered))


@pytest.mark.parametrize("answered", [None, 3])
def test_as_many_answers_as_wanted_are_noted(context: Any, answered: int | None) -> None:
    traffic(answered).perform(context)
    assert context.notes == [("traffic", {"sent": 5, "answered": 3})]


@pytest.mark.parametrize("answered", [0, 4])
def test_another_number_of_answers_fails_the_step(context: Any, answered: int) -> None:
    with pytest.raises(StepFailedError) as failed:
        traffic(answered).perform(context)
    assert failed.value.problem.kind == "traffic"
    assert failed.value.problem.reason == f"3 of 5 requests from a to b were answered, not {answered}"


@pytest.mark.parametrize(("answered", "holds"), [(None, None), (3, True), (4, False)])
def test_a_control_run_notes_whether_the_claim_holds(
    context: Any, answered: int | None, holds: bool | None
) -> None:
    assert traffic(answered).perform_in_control(context) is holds
    assert context.notes == [("traffic", {"sent": 5, "answered": 3})]
