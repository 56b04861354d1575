"""What all reports say of a scenario comes from here, in its order."""

from harness.judge.control import Controlled, ControlOutcome
from harness.judge.finding import Verdict
from harness.report.view import entries, not_verified, unmet, wrong
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult
from tests.report.test_github import finding
from tests.report.test_outcome import made


def scenario(**changes):
    steps = [
        StepResult(title="apply", findings=[finding(Verdict.PASS), finding(Verdict.KNOWN_ISSUE)]),
        StepResult(
            title="delete",
            problem=StepProblem(kind="until", reason="never running"),
            findings=[finding(Verdict.FAIL), finding(Verdict.ERROR, level="should")],
        ),
    ]
    return ScenarioResult(**{"name": "first", "file": "s.yaml", "steps": steps} | changes)


def test_what_passed_is_not_told_and_the_rest_in_its_order():
    told = [(each.place, each.verdict) for each in entries(scenario())]
    assert told == [
        ("step 1 (apply)", Verdict.KNOWN_ISSUE),
        ("step 2 (delete)", Verdict.FAIL),
        ("step 2 (delete)", Verdict.FAIL),
        ("step 2 (delete)", Verdict.ERROR),
    ]


def test_what_decides_against_a_scenario_and_what_does_not():
    assert [each.subject for each in wrong(scenario())] == ["until", "m"]
    assert wrong(scenario())[0].sentence == "until: never running"
    assert [each.verdict for each in unmet(scenario())] == [Verdict.ERROR]


def test_claims_of_a_control_run_are_told_when_they_are_vacuous_or_undecided():
    claims = [
        Controlled(id="0.0", step=0, claim="m equals 1", holds=True, outcome=outcome, promql="m{}")
        for outcome in ControlOutcome
    ]
    elsewhere = Controlled(id="7.0", step=7, claim="x", holds=True, outcome=ControlOutcome.VACUOUS)
    found = wrong(
        ScenarioResult(name="s", file="s", steps=[StepResult(title="a")], control=[*claims, elsewhere])
    )
    assert [(each.head, each.verdict, each.promql) for each in found] == [
        ("vacuous: m equals 1", Verdict.FAIL, "m{}"),
        ("undecided: m equals 1", Verdict.ERROR, "m{}"),
    ]


def test_clean_ups_that_nobody_verified_are_grouped_by_their_cause():
    seen = Leftover(kind="Pod", name="p", what_was_done="stayed")
    unknown = Leftover(kind="Namespace", name="n", what_was_done="not verified: gone", infrastructure=True)
    results = made(
        scenario(leftovers=[unknown]),
        scenario(leftovers=[seen, unknown]),
        scenario(name="other", leftovers=[unknown]),
    )
    (cause,) = not_verified(results)
    assert (cause.reason, cause.names) == ("not verified: gone", ["first", "other"])
