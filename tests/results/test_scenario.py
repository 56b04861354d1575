"""What the findings and problems of the steps add up to."""

import pytest

from harness.judge.finding import Finding, Verdict
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult

PASS, FAIL, KNOWN, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.KNOWN_ISSUE, Verdict.ERROR


def finding(verdict, level="must"):
    return Finding(
        id="0.0",
        step=0,
        metric="m",
        kind="equals",
        promql="m",
        expected="1",
        actual=[],
        verdict=verdict,
        reason="",
        level=level,
    )


def result(*steps):
    return ScenarioResult(
        name="s",
        file="s.yaml",
        steps=[StepResult(title="t", findings=[finding(verdict) for verdict in step]) for step in steps],
    )


@pytest.mark.parametrize(
    ("steps", "verdict"),
    [
        ([], PASS),
        ([[PASS], [PASS, PASS]], PASS),
        ([[PASS, KNOWN], [PASS]], KNOWN),
        ([[KNOWN], [ERROR]], ERROR),
        ([[ERROR], [KNOWN], [PASS]], ERROR),
        ([[ERROR], [FAIL]], FAIL),
        ([[FAIL, PASS], [KNOWN], [ERROR]], FAIL),
    ],
)
def test_failures_outweigh_errors_and_errors_known_issues(steps, verdict):
    assert result(*steps).decide() is verdict


@pytest.mark.parametrize("verdicts", [[], [PASS], [KNOWN], [ERROR]])
def test_a_step_that_did_not_come_about_is_a_failure(verdicts):
    scenario = result(verdicts, [])
    scenario.steps[1].problem = StepProblem(kind="until", reason="never running")
    assert scenario.decide() is FAIL


@pytest.mark.parametrize("verdict", [FAIL, ERROR, KNOWN])
def test_what_only_should_be_decides_nothing(verdict):
    scenario = result([PASS])
    scenario.steps[0].findings.append(finding(verdict, level="should"))
    assert scenario.decide() is PASS
    scenario.steps[0].findings.append(finding(KNOWN))
    assert scenario.decide() is KNOWN


def test_what_should_hold_and_did_not_is_told_with_its_step():
    scenario = result([FAIL], [PASS])
    scenario.steps[1].findings += [finding(verdict, level="should") for verdict in (PASS, FAIL, ERROR, KNOWN)]
    assert [(step, each.verdict) for step, each in scenario.unmet()] == [
        (scenario.steps[1], verdict) for verdict in (FAIL, ERROR, KNOWN)
    ]


def test_the_findings_of_all_steps_in_order():
    scenario = result([PASS, FAIL], [], [ERROR])
    assert [each.verdict for each in scenario.findings()] == [PASS, FAIL, ERROR]


def test_reasons_are_lines_though_they_repeat_what_a_cluster_said():
    value = "v" * 400_000
    assert len(StepProblem(kind="action", reason=value).reason) < 1100
    assert len(Leftover(kind="Pod", name="p", what_was_done=value).what_was_done) < 1100
    assert StepProblem(kind="action", reason="short").reason == "short"
