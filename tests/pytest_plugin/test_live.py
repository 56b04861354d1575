"""What is said while a run goes on, and how long the rest is said to take."""

import pytest

from harness.judge.finding import Finding, Pending, Verdict
from harness.pytest_plugin.live import Live
from harness.results.scenario import ScenarioResult
from tests.fakes.clock import FakeClock


class Screen:
    def __init__(self, redraws):
        self.redraws = redraws
        self.said = []

    def status(self, left, right):
        self.said.append(f"{left} | {right}")

    def line(self, text):
        self.said.append(text)

    def end(self):
        self.said.append("end")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def live(clock):
    """A function that makes one, with its screen."""

    def made(*, redraws=False, usual=None, verbosity=0, names=("a", "b", "c")):
        screen = Screen(redraws)
        return Live(screen, names, usual or {}, verbosity, clock.now), screen.said

    return made


def finding(verdict, number=0):
    return Finding(
        id=f"0.{number}",
        step=0,
        metric="m",
        kind="equals",
        promql="m",
        expected="1",
        actual=[],
        verdict=verdict,
        reason="2 is not 1",
        seconds=1.25,
    )


def ended(name, verdict=Verdict.PASS, seconds=4.0):
    return ScenarioResult(name=name, file="x", verdict=verdict, seconds=seconds)


def pending(what="a scrape"):
    return Pending(waiting_for=what)


def test_plain_lines_can_be_searched_for(live, clock):
    watcher, said = live()
    watcher.scenario("a", ["apply burn", "delete burn"])
    watcher.step(0, "apply burn")
    watcher.judged([pending(), finding(Verdict.PASS)], 1)
    watcher.step(1, "delete burn")
    watcher.ended(ended("a", seconds=4.25))
    assert said == [
        "progress: a: step 1 of 2 (apply burn)",
        "progress: a: step 2 of 2 (delete burn)",
        "progress: a: passed in 4.2 s; 1 of 3 done; 1 passed; about 0:08 left",
        "end",
    ]


def test_a_plain_line_tells_of_a_wait_every_ten_seconds(live, clock):
    watcher, said = live()
    watcher.scenario("a", ["apply burn"])
    watcher.step(0, "apply burn")
    for _ in range(25):
        watcher.judged([pending("a scrape of x"), finding(Verdict.PASS)], 3)
        clock.advance(1)
    line = "progress: a: step 1 of 1 (apply burn): waiting for a scrape of x (1 of 2 decided, scrape 3)"
    assert said[1:] == [f"{line}, 10 s so far", f"{line}, 20 s so far"]


def test_a_wait_before_the_first_step_is_told_too(live, clock):
    watcher, said = live()
    watcher.scenario("a", ["apply burn"])
    clock.advance(11)
    watcher.waiting("the workload")
    assert said == ["progress: a: set-up: waiting for the workload, 11 s so far"]


def test_a_terminal_has_one_line_that_is_rewritten(live, clock):
    watcher, said = live(redraws=True, usual={"a": 5, "b": 5, "c": 5})
    watcher.scenario("a", ["apply burn"])
    watcher.step(0, "apply burn")
    clock.advance(2)
    watcher.waiting("scrape 2 of 3 of each target")
    watcher.ended(ended("a", Verdict.KNOWN_ISSUE, seconds=3))
    watcher.scenario("b", ["apply burn"])
    assert said == [
        "[1/3] set-up (a) | about 0:15 left",
        "[1/3] apply burn (a, step 1 of 1) | about 0:15 left",
        "[1/3] waiting for scrape 2 of 3 of each target (a, step 1 of 1) | about 0:13 left",
        "end",
        "[2/3] set-up (b) | 1 known issue, about 0:10 left",
    ]


@pytest.mark.parametrize("redraws", [True, False])
def test_with_v_expectations_are_told_once_as_they_are_decided(live, redraws):
    watcher, said = live(redraws=redraws, verbosity=1)
    watcher.scenario("a", ["apply burn"])
    watcher.step(0, "apply burn")
    watcher.judged([finding(Verdict.PASS), pending()], 1)
    watcher.judged([finding(Verdict.PASS), pending()], 2)
    watcher.judged([finding(Verdict.FAIL), finding(Verdict.PASS, 1)], 3)
    where = "progress: a: step 1 of 1 (apply burn)"
    assert [line for line in said if ": m equals" in line] == [
        f"{where}: passed: m equals after 1.2 s",
        f"{where}: failed: m equals after 1.2 s: 2 is not 1",
        f"{where}: passed: m equals after 1.2 s",
    ]


def test_without_v_no_expectation_is_told(live):
    watcher, said = live()
    watcher.scenario("a", ["apply burn"])
    watcher.step(0, "apply burn")
    watcher.judged([finding(Verdict.FAIL)], 1)
    assert len(said) == 1


@pytest.mark.parametrize("redraws", [True, False])
def test_with_q_nothing_is_said(live, clock, redraws):
    watcher, said = live(redraws=redraws, verbosity=-1)
    watcher.scenario("a", ["apply burn"])
    watcher.step(0, "apply burn")
    clock.advance(20)
    watcher.judged([pending()], 1)
    watcher.ended(ended("a"))
    assert said == []


def test_of_what_was_never_seen_nothing_is_estimated(live):
    watcher, _ = live()
    watcher.scenario("a", [])
    assert watcher.seconds_left() is None


def test_what_is_left_is_what_scenarios_took_before_and_their_mean_for_others(live, clock):
    watcher, _ = live(usual={"a": 10, "b": 20})
    watcher.scenario("a", [])
    assert watcher.seconds_left() == 10 + 20 + 15
    clock.advance(4)
    assert watcher.seconds_left() == 6 + 20 + 15
    clock.advance(400)
    assert watcher.seconds_left() == 0 + 20 + 15, "what takes longer takes nothing from the others"
    watcher.ended(ended("a", seconds=40))
    assert watcher.seconds_left() == 20 + 30, "this run tells more than the one before"


def test_a_skipped_scenario_is_done_and_says_nothing_of_durations(live):
    watcher, said = live()
    watcher.scenario("a", [])
    watcher.ended(ended("a", Verdict.SKIPPED, seconds=0))
    assert watcher.seconds_left() is None
    assert said[0] == "progress: a: skipped in 0.0 s; 1 of 3 done; 1 skipped"


def test_hours_have_a_form_of_their_own(live):
    watcher, said = live(usual={"a": 3000, "b": 3000, "c": 1245}, redraws=True)
    watcher.scenario("a", [])
    assert said == ["[1/3] set-up (a) | about 2:00:45 left"]


def test_the_steps_of_a_script_are_not_known_before(live):
    watcher, said = live()
    watcher.scenario("a", [])
    watcher.step(0, "apply burn")
    assert said == ["progress: a: step 1 (apply burn)"]
