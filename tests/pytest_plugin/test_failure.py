"""What pytest says of a scenario that failed in one line, and in all."""

from harness.judge.finding import Verdict
from harness.pytest_plugin.failure import ScenarioFailureRepr
from harness.results.places import SourceLine
from harness.results.scenario import ScenarioResult, StepProblem, StepResult


def result(*problems, **changes):
    steps = [StepResult(title="apply burn", problem=each) for each in problems]
    places = {name: SourceLine(file="s.yaml", line=line) for name, line in (("", 1), ("0", 5), ("1", 7))}
    return ScenarioResult(
        name="s", file="s.yaml", verdict=Verdict.FAIL, steps=steps, places=places, **changes
    )


def test_one_line_is_the_first_failure_with_its_place_and_how_many_follow():
    never = StepProblem(kind="until", reason="never")
    shown = ScenarioFailureRepr(result(never, never))
    assert shown.reprcrash.message == "s.yaml:5 step 1 (apply burn): until: never (+1 more)"
    assert (shown.reprcrash.path, shown.reprcrash.lineno) == ("s.yaml", 5)
    assert str(shown).splitlines()[:3] == [
        "s.yaml:5 step 1 (apply burn): until: never",
        "s.yaml:7 step 2 (apply burn): until: never",
        "s: failed",
    ]


def test_a_scenario_without_a_failed_step_says_its_own_reason():
    shown = ScenarioFailureRepr(result(reason="Prometheus is gone"))
    assert shown.reprcrash.message == "s.yaml:1 s: Prometheus is gone"
    assert shown.reprcrash.lineno == 1
