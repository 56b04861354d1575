"""One place decides what a run came to; docs/exit-codes.md says the same of its exit code."""

import pytest

from harness.base.errors import ExitCode
from harness.judge.finding import Verdict
from harness.report.checks import Check
from harness.report.outcome import Ending, exit_code, headline, outcome
from harness.report.results import NotRun, Results, Run
from harness.runner.result import Leftover, ScenarioResult

OK, FAILED, INTERRUPTED, INTERNAL, USAGE, NOTHING, INFRA = ExitCode


UNDECIDED, BROKEN, UNCOVERED, SKIPPED = "undecided", "broken", "uncovered", "skipped"
CHECKS = {
    UNDECIDED: Check("harness", Verdict.ERROR, "no disk"),
    BROKEN: Check("contract", Verdict.FAIL, "m is not as the catalogue says"),
    UNCOVERED: Check("coverage", Verdict.FAIL, "1 is missing"),
}


@pytest.mark.parametrize(
    ("ending", "facts", "code"),
    [
        (Ending(OK), set(), OK),
        (Ending(OK), {SKIPPED}, NOTHING),
        (Ending(NOTHING), {SKIPPED}, NOTHING),
        # A failure of the product was seen, whatever else went wrong.
        (Ending(FAILED, failed=True), set(), FAILED),
        (Ending(FAILED, failed=True), {UNDECIDED}, FAILED),
        (Ending(OK), {BROKEN}, FAILED),
        (Ending(FAILED), {BROKEN}, FAILED),
        (Ending(OK), {BROKEN, UNDECIDED}, FAILED),
        (Ending(OK), {UNCOVERED}, FAILED),
        # Only the infrastructure.
        (Ending(FAILED), set(), INFRA),
        (Ending(OK), {UNDECIDED}, INFRA),
        (Ending(OK), {UNDECIDED, SKIPPED}, INFRA),
        (Ending(OK), {UNDECIDED, UNCOVERED}, INFRA),
        # The stack.
        (Ending(FAILED, not_up=INFRA), set(), INFRA),
        (Ending(FAILED, not_up=USAGE), {SKIPPED, UNDECIDED}, USAGE),
        (Ending(FAILED, not_up=INTERNAL), set(), INTERNAL),
        # Wrong files.
        (Ending(INTERRUPTED, wrong_file=True), set(), USAGE),
        (Ending(FAILED, wrong_file=True), set(), USAGE),
        (Ending(FAILED, wrong_file=True, failed=True), set(), FAILED),
        (Ending(USAGE), set(), USAGE),
        # Interrupted, whatever was seen before.
        (Ending(INTERRUPTED), set(), INTERRUPTED),
        (Ending(INTERRUPTED, failed=True), {UNDECIDED, UNCOVERED}, INTERRUPTED),
        # A defect of the harness: nothing that it says is to be trusted.
        *((Ending(each, defect=True, failed=True), {BROKEN}, INTERNAL) for each in ExitCode),
        (Ending(OK, defect=True, wrong_file=True, not_up=INFRA), set(), INTERNAL),
        (Ending(INTERNAL), set(), INTERNAL),
        (Ending(INTERNAL), {UNDECIDED}, INFRA),
        # pytest.exit(returncode=...) of somebody else's test.
        (Ending(77, failed=True), set(), 77),
    ],
)
def test_the_exit_code_of_a_run(ending, facts, code):
    checks = [CHECKS[each] for each in facts if each in CHECKS]
    results = made() if SKIPPED in facts else made(ScenarioResult(name="s", file="s.yaml"))
    assert exit_code(results, checks, ending) == code
    assert outcome(results, checks, ending) == (code, headline(results, checks))


@pytest.mark.parametrize("name", ["contract", "coverage", "results", "harness"])
def test_what_the_run_should_have_said_and_could_not_is_the_infrastructure(name):
    results = made(ScenarioResult(name="s", file="s.yaml"))
    assert exit_code(results, [Check(name, Verdict.ERROR, "x")], Ending(OK)) == INFRA


def test_a_scenario_that_was_not_run_is_the_infrastructure():
    results = made(ScenarioResult(name="s", file="s.yaml"))
    results.not_run.append(NotRun(name="t", file="t.yaml", reason="the API server is gone"))
    assert exit_code(results, [], Ending(OK)) == INFRA
    assert headline(results, []).startswith("1 scenario was not run. All scenarios that ran came out")


def made(*scenarios, **run):
    results = Results(run=Run(**{"id": "a", "harness": "0", "started": "2026", "ended": "2026"} | run))
    for each in scenarios:
        results.add(each)
    return results


def of(verdict, name="s", **changes):
    return ScenarioResult(name=name, file="s.yaml", verdict=verdict, **changes)


LEFT = [Leftover(kind="Pod", name="p", what_was_done="stayed")]


@pytest.mark.parametrize(
    ("results", "text"),
    [
        (made(), "No scenario ran."),
        (made(of(Verdict.PASS)), "All scenarios that ran came out as expected."),
        (
            made(of(Verdict.PASS), of(Verdict.KNOWN_ISSUE, "t")),
            "All 2 scenarios that ran came out as expected, 1 of them by showing exactly a known issue.",
        ),
        (
            made(of(Verdict.FAIL), of(Verdict.ERROR, "t"), of(Verdict.PASS, "u", leftovers=LEFT)),
            "Of 3 scenarios that ran, 1 failed, 1 could not be decided, 1 left something behind.",
        ),
        (
            made(of(Verdict.PASS), interrupted="SIGTERM", planned=3),
            "The run was interrupted (SIGTERM); 1 of 3 scenarios finished. "
            "All scenarios that ran came out as expected.",
        ),
        (
            made(ended=None, planned=3),
            "The run was cut short; 0 of 3 scenarios finished.",
        ),
    ],
)
def test_the_headline_of_a_run(results, text):
    assert headline(results, []) == text


def test_each_check_that_did_not_pass_is_a_sentence_of_the_headline():
    checks = [
        Check("contract", Verdict.FAIL, "metrics are not as the catalogue says (1): m"),
        Check("coverage", Verdict.PASS, "all"),
        Check("harness", Verdict.ERROR, "no disk"),
    ]
    assert headline(made(of(Verdict.PASS)), checks) == (
        "All scenarios that ran came out as expected. Metrics are not as the catalogue says (1): m. No disk."
    )


def test_a_run_that_goes_on_says_so():
    assert headline(made(ended=None), [], goes_on=True) == "The run still goes on; 0 finished."
