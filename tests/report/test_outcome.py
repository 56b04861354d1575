"""One place decides what a run came to; docs/exit-codes.md says the same of its exit code."""

import pytest

from harness.base.errors import ExitCode
from harness.judge.finding import Verdict
from harness.report.checks import RunCheck
from harness.report.outcome import RunEnding, exit_code, headline, outcome
from harness.results.results import NotRun, Results, Run
from harness.results.scenario import Leftover, ScenarioResult

OK, FAILED, INTERRUPTED, INTERNAL, USAGE, NOTHING, INFRA = ExitCode


UNDECIDED, BROKEN, UNCOVERED, SKIPPED = "undecided", "broken", "uncovered", "skipped"
CHECKS = {
    UNDECIDED: RunCheck("harness", Verdict.ERROR, "no disk"),
    BROKEN: RunCheck("contract", Verdict.FAIL, "m is not as the catalogue says"),
    UNCOVERED: RunCheck("coverage", Verdict.FAIL, "1 is missing"),
}


@pytest.mark.parametrize(
    ("ending", "facts", "code"),
    [
        (RunEnding(OK), set(), OK),
        (RunEnding(OK), {SKIPPED}, NOTHING),
        (RunEnding(NOTHING), {SKIPPED}, NOTHING),
        # A failure of the product was seen, whatever else went wrong.
        (RunEnding(FAILED, failed=True), set(), FAILED),
        (RunEnding(FAILED, failed=True), {UNDECIDED}, FAILED),
        (RunEnding(OK), {BROKEN}, FAILED),
        (RunEnding(FAILED), {BROKEN}, FAILED),
        (RunEnding(OK), {BROKEN, UNDECIDED}, FAILED),
        (RunEnding(OK), {UNCOVERED}, FAILED),
        # Only the infrastructure.
        (RunEnding(FAILED), set(), INFRA),
        (RunEnding(OK), {UNDECIDED}, INFRA),
        (RunEnding(OK), {UNDECIDED, SKIPPED}, INFRA),
        (RunEnding(OK), {UNDECIDED, UNCOVERED}, INFRA),
        # The stack.
        (RunEnding(FAILED, not_up=INFRA), set(), INFRA),
        (RunEnding(FAILED, not_up=USAGE), {SKIPPED, UNDECIDED}, USAGE),
        (RunEnding(FAILED, not_up=INTERNAL), set(), INTERNAL),
        # Wrong files.
        (RunEnding(INTERRUPTED, wrong_file=True), set(), USAGE),
        (RunEnding(FAILED, wrong_file=True), set(), USAGE),
        (RunEnding(FAILED, wrong_file=True, failed=True), set(), FAILED),
        (RunEnding(USAGE), set(), USAGE),
        # Interrupted, whatever was seen before.
        (RunEnding(INTERRUPTED), set(), INTERRUPTED),
        (RunEnding(INTERRUPTED, failed=True), {UNDECIDED, UNCOVERED}, INTERRUPTED),
        # A defect of the harness: nothing that it says is to be trusted.
        *((RunEnding(each, defect=True, failed=True), {BROKEN}, INTERNAL) for each in ExitCode),
        (RunEnding(OK, defect=True, wrong_file=True, not_up=INFRA), set(), INTERNAL),
        (RunEnding(INTERNAL), set(), INTERNAL),
        (RunEnding(INTERNAL), {UNDECIDED}, INFRA),
        # pytest.exit(returncode=...) of somebody else's test.
        (RunEnding(77, failed=True), set(), 77),
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
    assert exit_code(results, [RunCheck(name, Verdict.ERROR, "x")], RunEnding(OK)) == INFRA


def test_a_scenario_that_was_not_run_is_the_infrastructure():
    results = made(ScenarioResult(name="s", file="s.yaml"))
    results.not_run.append(NotRun(name="t", file="t.yaml", reason="the API server is gone"))
    assert exit_code(results, [], RunEnding(OK)) == INFRA
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
        RunCheck("contract", Verdict.FAIL, "metrics are not as the catalogue says (1): m"),
        RunCheck("coverage", Verdict.PASS, "all"),
        RunCheck("harness", Verdict.ERROR, "no disk"),
    ]
    assert headline(made(of(Verdict.PASS)), checks) == (
        "All scenarios that ran came out as expected. Metrics are not as the catalogue says (1): m. No disk."
    )


def test_a_run_that_goes_on_says_so():
    assert headline(made(ended=None), [], goes_on=True) == "The run still goes on; 0 finished."
