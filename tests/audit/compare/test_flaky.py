"""Made-up runs of one build: what is not the same in all of them is told, and nothing else."""

import json

import pytest

from harness.audit.compare.flaky import repetition
from harness.base.errors import ExitCode, UsageError
from harness.cli import main
from harness.judge.finding import Finding, Verdict
from harness.results.contract import Contract
from harness.results.coverage import Coverage, SeriesChange, Standing, TransitionScore
from harness.results.results import Results, Run
from harness.results.scenario import Leftover, ScenarioResult, StepResult


def finding(verdict, number="0.0", value=1.0):
    return Finding(
        id=number,
        step=0,
        metric="m",
        kind="equals",
        promql="m",
        expected="1",
        actual=[{"labels": {}, "value": value}],
        verdict=verdict,
        reason=f"the value is {value}",
    )


def scenario(name="s", verdict=Verdict.PASS, findings=(Verdict.PASS,), value=1.0, **fields):
    found = [finding(each, f"0.{number}", value) for number, each in enumerate(findings)]
    return ScenarioResult(
        name=name,
        file=f"{name}.yaml",
        verdict=verdict,
        steps=[StepResult(title="apply", findings=found)],
        **fields,
    )


@pytest.fixture
def write(tmp_path):
    """Write the report folder of a run, and return it."""

    def make(name, *scenarios, image_key="k", problems=(), standing=None):
        stack = {"image_key": image_key, "versions": {"chaos-mesh": "v2.8.4"}, "identity": name}
        results = Results(run=Run(id=name, harness="1", started="now", stack=stack))
        for each in scenarios:
            results.add(each)
        results.contract = Contract(release="v2.8.4", whole=True, problems=[*problems])
        if standing is not None:
            transition = TransitionScore(
                metric="m", label="l", value="v", change=SeriesChange.GOES, standing=standing
            )
            results.coverage = Coverage(transitions=[transition])
        results.write(tmp_path / name)
        return tmp_path / name

    return make


def wavering(*folders):
    return {each.subject: each.seen for each in repetition([*folders]).wavering}


def test_runs_that_say_the_same_differ_in_nothing(write):
    runs = [write(name, scenario("s"), scenario("t", Verdict.SKIPPED, ())) for name in "abc"]
    found = repetition(runs)

    assert (found.scenarios, found.expectations, found.wavering) == (2, 1, [])
    assert found.exit_code() is ExitCode.OK
    assert found.lines()[-1] == "3 runs, 2 scenarios, 1 expectation: 0 not the same in all runs"


def test_values_and_names_that_are_new_in_each_run_are_no_difference(write):
    assert wavering(write("a", scenario(value=1.0)), write("b", scenario(value=7.0))) == {}


def test_a_verdict_that_changed_is_told_with_the_runs_that_have_it(write):
    good, bad = (
        scenario(findings=[Verdict.PASS] * 2),
        scenario("s", Verdict.FAIL, [Verdict.PASS, Verdict.FAIL]),
    )
    runs = [write("a", good), write("b", bad), write("c", good)]
    found = repetition(runs)

    assert found.exit_code() is ExitCode.FAILED
    assert found.lines()[-2:] == [
        f"  s: passed in 2 runs, failed in {runs[1]}",
        f"  s step 1, expectation 2 (equals): passed in 2 runs, failed in {runs[1]}",
    ]


def test_a_scenario_that_ended_early_says_nothing_about_what_comes_later(write):
    whole, short = scenario(findings=[Verdict.PASS] * 2), scenario(findings=[Verdict.PASS])

    name = "s step 1, expectation 2 (equals)"
    assert wavering(write("a", whole), write("b", short)) == {name: ["passed", "-"]}


def test_a_scenario_of_one_run_only_is_told_once(write):
    assert wavering(write("a", scenario("s"), scenario("t")), write("b", scenario("s"))) == {
        "t": ["passed", "-"]
    }


def test_what_is_left_over_once_is_told(write):
    left = Leftover(kind="Namespace", name="s-1f", what_was_done="removed")

    assert wavering(write("a", scenario()), write("b", scenario(leftovers=[left]))) == {
        "s clean-up: Namespace": ["-", "left over"]
    }


def test_a_transition_that_is_proven_once_only_is_told(write):
    runs = [write(name, scenario(), standing=each) for name, each in [("a", "covered"), ("b", "missing")]]

    assert wavering(*runs) == {
        "transition: m l=v goes": [Standing.COVERED.value, Standing.MISSING.value],
    }


def test_a_problem_of_the_contract_of_one_run_is_told(write):
    problem = {
        "kind": "another HELP",
        "metric": "m",
        "job": "d",
        "expected": "x",
        "found": "y",
        "fails": True,
        "next_step": "z",
    }

    assert wavering(write("a", scenario(), problems=[problem]), write("b", scenario())) == {
        "contract: m of d, another HELP": ["a problem", "-"]
    }


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda write: [write("a", scenario())], "one run says nothing"),
        (
            lambda write: [write("a", scenario()), write("b", scenario(), image_key="other")],
            "not of the same build",
        ),
        (lambda write: [write("a", scenario()), write("b")], "b: no scenario ran"),
        (lambda write: [write("a", scenario()), write("b").parent], "cannot read"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(write, make, told):
    with pytest.raises(UsageError, match=told):
        repetition(make(write))


def test_the_command_prints_text_or_json(write, capsys):
    runs = [str(write("a", scenario())), str(write("b", scenario("s", Verdict.FAIL, [Verdict.FAIL])))]

    assert main(["flaky", *runs]) == ExitCode.FAILED
    assert f"  s: passed in 1 run, failed in {runs[1]}\n" in capsys.readouterr().out
    assert main(["flaky", "--json", *runs]) == ExitCode.FAILED
    assert json.loads(capsys.readouterr().out)["wavering"][0] == {
        "subject": "s",
        "seen": ["passed", "failed"],
    }
    assert main(["flaky", runs[0], runs[0]]) == ExitCode.OK


def test_one_folder_is_wrong_input_of_the_command(write, capsys):
    assert main(["flaky", str(write("a", scenario()))]) == ExitCode.USAGE
    assert "next step: name the report folders of two runs or more" in capsys.readouterr().err
