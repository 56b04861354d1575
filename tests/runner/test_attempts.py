"""What runs again because nothing is known of it, and what never does."""

from typing import Any

import pytest

from harness.base.errors import InfrastructureError
from harness.judge.finding import Finding, Verdict
from harness.judge.overload import OVERLOADED
from harness.lint.check import load_checked
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult
from harness.runner import attempts, runner, scenario_runs
from harness.runner.interrupts import Interrupts
from harness.runner.scenario_runs import RunPlan, ScenarioRuns
from harness.runner.strategy import ChaosStrategy
from harness.runner.workers import WorkerPool
from tests.runner.test_workers import SCENARIO

SLOW = f"{OVERLOADED} (12 of 20 scrapes missing): target down"


def finding(verdict, reason, **more):
    facts: dict[str, Any] = {
        "id": "0.0",
        "step": 0,
        "metric": "up",
        "kind": "equals",
        "promql": "up",
        "expected": "1",
    }
    return Finding(**facts, actual=[], verdict=verdict, reason=reason, **more)


def result(*findings, verdict=Verdict.ERROR, **more):
    return ScenarioResult(
        name="slow",
        file="slow.yaml",
        verdict=verdict,
        steps=[StepResult(title="a", findings=list(findings))],
        **more,
    )


WITHOUT_VERDICT = result(finding(Verdict.PASS, "true"), finding(Verdict.ERROR, SLOW))


@pytest.mark.parametrize(
    "found",
    [
        WITHOUT_VERDICT,
        result(finding(Verdict.KNOWN_ISSUE, "seen"), finding(Verdict.ERROR, SLOW)),
        result(reason=f"{OVERLOADED} (ticks up to 9.0 s late): the pods are not ready"),
    ],
    ids=["an expectation", "beside a known issue", "a wait"],
)
def test_what_only_an_overloaded_machine_kept_from_a_verdict_runs_again(found):
    first = attempts.inconclusive(found)
    assert first is not None
    assert first.reason.startswith(OVERLOADED)


DOWN = "chaos-daemon/a was down before the step"


def steps_of(*reasons):
    found = result()
    found.steps = [
        StepResult(title="a", findings=[finding(Verdict.ERROR, each) for each in step]) for step in reasons
    ]
    return found


def test_what_could_not_be_compared_after_an_overload_runs_again():
    first = attempts.inconclusive(steps_of([SLOW], [], [SLOW, DOWN], [DOWN]))
    assert first is not None
    assert first.reason == SLOW


@pytest.mark.parametrize("reasons", [[[DOWN]], [[DOWN], [SLOW]], [[SLOW, DOWN]], [[SLOW], ["target down"]]])
def test_what_could_not_be_compared_for_another_reason_does_not(reasons):
    assert attempts.inconclusive(steps_of(*reasons)) is None


@pytest.mark.parametrize(
    "found",
    [
        result(finding(Verdict.PASS, "true"), verdict=Verdict.PASS),
        result(finding(Verdict.FAIL, "the value is 2"), finding(Verdict.ERROR, SLOW), verdict=Verdict.FAIL),
        result(finding(Verdict.ERROR, "target down"), finding(Verdict.ERROR, SLOW)),
        result(finding(Verdict.ERROR, SLOW), reason="the API server is gone"),
        result(finding(Verdict.ERROR, SLOW), defect="a traceback"),
        result(finding(Verdict.ERROR, SLOW), control=[]),
        result(
            finding(Verdict.ERROR, SLOW), leftovers=[Leftover(kind="Pod", name="x", what_was_done="removed")]
        ),
        result(reason="no rights"),
    ],
    ids=["passed", "failed", "down", "gone", "defect", "control", "left over", "refused"],
)
def test_nothing_else_does(found):
    assert attempts.inconclusive(found) is None


def test_a_problem_of_a_step_decides_as_well():
    step = StepResult(title="a", problem=StepProblem(kind="proof", reason="no process"))
    slow = result(finding(Verdict.ERROR, SLOW))
    assert attempts.inconclusive(slow.model_copy(update={"steps": [*slow.steps, step]})) is None


@pytest.fixture
def runs(around, tmp_path, monkeypatch):
    """Return what runs one scenario that comes to the given results, one after the other."""

    def make(*results):
        told = list(results)

        def run(file, context, catalogue, strategy):
            found = told.pop(0)
            folder = context.recordings / "slow"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "n").write_text(str(len(told)))
            return found.model_copy(update={"recording": folder})

        monkeypatch.setattr(runner, "run", run)
        path = tmp_path / "slow.yaml"
        path.write_text(SCENARIO.format(name="slow"))
        file = load_checked(path, 1.0)[0]
        kept = []
        made = ScenarioRuns(
            RunPlan([("node", file)]),
            ChaosStrategy,
            lambda _, found: kept.append(found),
            lambda error, doing: InfrastructureError(f"{doing}: {error}"),
        )
        made.connected(around, lambda: (around.cluster, around.prometheus))
        monkeypatch.setattr(scenario_runs.ScenarioRuns, "_look_for_outage", lambda self: None)
        return made, file, kept, told

    return make


def test_the_second_run_counts_and_the_first_is_told(runs, around):
    passed = result(finding(Verdict.PASS, "true"), verdict=Verdict.PASS)
    made, file, kept, left = runs(WITHOUT_VERDICT, passed)
    found = made.run(file, "node")
    assert (found.verdict, kept, left) == (Verdict.PASS, [found], [])
    assert found.first_attempt.sentence == f"run again, alone: its first run was {SLOW}"
    assert (found.recording / "n").read_text() == "0"
    first = around.recordings.parent / "first-attempts" / "slow" / "recording"
    assert (first / "n").read_text() == "1"


def test_it_runs_twice_at_most(runs):
    made, file, kept, left = runs(WITHOUT_VERDICT, WITHOUT_VERDICT, WITHOUT_VERDICT)
    found = made.run(file, "node")
    assert (found.verdict, len(kept), len(left)) == (Verdict.ERROR, 1, 1)
    assert found.first_attempt is not None


def test_what_failed_runs_once(runs):
    failed = result(finding(Verdict.FAIL, "the value is 2"), verdict=Verdict.FAIL)
    made, file, _, left = runs(failed, failed)
    assert made.run(file, "node").first_attempt is None
    assert len(left) == 1


def test_what_is_not_run_again_after_all_keeps_its_first_result(runs):
    made, file, kept, _ = runs(WITHOUT_VERDICT)
    assert made._came_to("node", file, made._alone("node", file))
    assert kept == []
    made.settle()
    assert [each.verdict for each in kept] == [Verdict.ERROR]
    assert kept[0].recording.parent.name == "slow"


def test_a_machine_that_lets_nothing_be_known_is_not_tried_for_ever(runs, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_AGAIN", 0)
    made, file, _, left = runs(WITHOUT_VERDICT, WITHOUT_VERDICT)
    made.run(file, "node")
    assert len(left) == 1


def test_a_run_that_is_stopped_keeps_the_first_result(runs):
    made, file, kept, _ = runs(WITHOUT_VERDICT)
    assert made._came_to("node", file, made._alone("node", file))
    made._side_by_side = WorkerPool([], 1, lambda file, observer: WITHOUT_VERDICT)
    made.stop(Interrupts())
    assert [each.verdict for each in kept] == [Verdict.ERROR]
