"""What fails a run beside its scenarios, and that CI is told."""

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.report import checks
from harness.report.github import error_of
from harness.report.summary import markdown
from harness.results.contract import Contract
from harness.results.contract_problem import ContractProblem, ProblemKind
from harness.results.coverage import Coverage, SeriesChange, Standing, TransitionScore
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult

IPSET = "chaos_daemon_ipset_members"


def made(**changes):
    run = Run(id="abc", harness="0.1.0", started="2026", stack_error=changes.pop("stack_error", None))
    results = Results(run=run, **changes)
    results.add(ScenarioResult(name="good", file="good.yaml"))
    return results


def of(**changes):
    return {each.name: each for each in checks.of(made(**changes), catalogue())}


def contract(*names, **changes):
    problems = [
        ContractProblem(
            kind=ProblemKind.NOT_CATALOGUED, metric=name, job="chaos-daemon", next_step="add an entry"
        )
        for name in names
    ]
    return Contract(release="v2.8.3", whole=True, problems=problems, seen={"m": ["chaos-daemon"]}, **changes)


def coverage(missing, *, whole=True):
    scores = [
        TransitionScore(
            metric="chaos_daemon_ipset_members",
            label="",
            value="",
            change=SeriesChange.CHANGES,
            standing=Standing.MISSING,
        )
        for _ in range(missing)
    ]
    return Coverage(defined=2, possible_here=2, missing=missing, whole=whole, transitions=scores)


def test_a_run_that_was_as_it_should_has_checks_that_passed():
    found = of(contract=contract(), coverage=coverage(0))
    assert {name: each.verdict for name, each in found.items()} == {
        "contract": Verdict.PASS,
        "coverage": Verdict.PASS,
    }
    assert found["contract"].reason == "1 metrics are as the catalogue says"


def test_of_what_was_not_looked_at_nothing_is_said():
    assert of() == {}
    assert of(coverage=coverage(1, whole=False)) == {}


def test_a_broken_contract_names_the_metrics_and_what_to_do():
    found = of(contract=contract("a_total", "a_total", "b", "c", "d"))["contract"]
    assert found.verdict is Verdict.FAIL
    assert found.reason == "metrics are not as the catalogue says (5): a_total, b, c, ..."
    assert "    next step: add an entry" in found.details


@pytest.mark.parametrize(
    "changes", [{"error": "Prometheus is gone"}, {"not_captured": ["chaos-daemon d: down"]}]
)
def test_a_contract_that_was_not_checked_is_an_error(changes):
    found = of(contract=contract(**changes))["contract"]
    assert found.verdict is Verdict.ERROR
    assert next(iter(changes.values()))[0] in found.text()


def test_a_broken_contract_outweighs_what_was_not_compared():
    assert of(contract=contract("a", not_captured=["x: down"]))["contract"].verdict is Verdict.FAIL


def test_coverage_says_what_to_write():
    found = of(coverage=coverage(2))["coverage"]
    assert found.verdict is Verdict.FAIL
    assert found.reason == "transitions that are possible here, neither proven nor waived: 2"
    assert found.details[0].startswith("missing: chaos_daemon_ipset_members changes: expect ")


def test_a_stack_that_did_not_come_up_is_an_error():
    found = of(stack_error="no engine\n  next step: install podman")["stack"]
    assert (found.verdict, found.details) == (Verdict.ERROR, ("no engine", "  next step: install podman"))


def test_the_summary_tells_of_the_run_before_its_scenarios_and_folds_what_is_long(tmp_path):
    results = made(contract=contract("a"), coverage=coverage(30))
    results.add(ScenarioResult(name="wrong", file="wrong.yaml", verdict=Verdict.FAIL))
    text = markdown(results, tmp_path, checks=checks.of(results, catalogue()))
    order = [
        "1 failed. Metrics are not as the catalogue says (1): a. Transitions that are possible here, neither",
        "### The run, contract: failed\n\nmetrics are not as the catalogue says (1): a\n\n```\n",
        "### The run, coverage: failed",
        "<details><summary>Evidence</summary>\n\n```\nmissing: ",
        "### wrong: failed",
    ]
    places = [text.index(each) for each in order]
    assert places == sorted(places)


def test_an_annotation_of_the_run_is_one_line_whatever_is_in_it():
    check = checks.RunCheck("contract", Verdict.FAIL, "100% wrong", ("a: b", "::error::x"))
    assert error_of(check) == "::error title=the run%3A contract::100%25 wrong%0Aa: b%0A::error::x"
