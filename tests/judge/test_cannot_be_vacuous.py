"""Checks of other projects that could not fail, each tried on this judge.

What is not the judge's: a clean-up that failed and passed (tests/pytest_plugin/test_plugin.py).
"""

import ast
import math
import subprocess
from pathlib import Path

import filelock
import pytest

from harness.base import process
from harness.base.durations import GO, PROMETHEUS, seconds_of
from harness.base.process import CommandError
from harness.judge.argument import ArgumentError
from harness.judge.finding import Verdict
from harness.judge.kind import kinds
from harness.kubernetes.errors import WaitTimeoutError
from tests.fakes.recordings import Timeline, found


def steady(*series, up=1, **more):
    timeline = Timeline()
    for time in range(100, 125):
        timeline.scrape(float(time), series, up=up, **more)
    return timeline


def test_a_check_that_is_practically_never_true_passes_what_is_right_and_fails_what_is_wrong():
    # prometheus-operator asked for "not success" and the right value at once.
    assert found(steady(({}, 1)), equals=1).verdict is Verdict.PASS
    assert found(steady(({}, 0)), equals=1).verdict is Verdict.FAIL
    assert found(steady(({}, 1), up=0), equals=1).verdict is Verdict.ERROR


def test_a_mismatch_is_a_failure_and_not_what_is_asked_for():
    # A helper asserted that the list of mismatches was not empty.
    wanted = [{"phase": "running", "value": 1}, {"phase": "paused", "value": 1}]
    both = [({"phase": "running"}, 1), ({"phase": "paused"}, 1)]
    assert found(steady(*both), series=wanted).verdict is Verdict.PASS
    assert found(steady(both[0]), series=wanted).verdict is Verdict.FAIL
    assert found(steady(both[0], ({"phase": "paused"}, 2)), series=wanted).verdict is Verdict.FAIL


@pytest.mark.parametrize("seen", [-10, 10.0001 * 2, -9.5, 1e9])
def test_the_band_is_made_of_what_is_wanted_and_keeps_the_sign(seen):
    # A range check took the band from the observed value, after abs().
    assert found(steady(({}, seen)), within={"value": 10, "rel": 0.5}).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "spec",
    [
        {"equals": 0},
        {"at_most": 5},
        {"at_least": 0},
        {"between": [-1, 1]},
        {"within": {"value": 0, "abs": 9}},
        {"series": [{"value": 0}]},
        {"unchanged": True},
        {"present": True},
    ],
)
def test_no_data_is_neither_0_nor_a_pass(spec):
    # Several helpers turned an empty result into 0; krkn passed an objective without data.
    assert found(steady(), **spec).verdict is Verdict.FAIL
    assert found(steady(up=0), **spec).verdict is Verdict.ERROR
    assert found(Timeline(), **spec).verdict is Verdict.ERROR


def test_the_first_record_is_not_the_answer():
    # krkn looked at records[0] only.
    assert found(steady(({"a": "1"}, 5), ({"a": "2"}, 7)), equals=5).verdict is Verdict.FAIL
    assert found(steady(({"a": "1"}, 5), ({"a": "2"}, 7)), at_most=5).verdict is Verdict.FAIL


@pytest.mark.parametrize("raw", ["", "abc", "0x", None, True, [], {}])
def test_what_is_no_number_is_no_0(raw):
    # Litmus read an unparsable value as 0.
    with pytest.raises(ArgumentError):
        kinds()["equals"].parse(raw)
    assert found(steady(({}, 0)), equals=raw).verdict is Verdict.ERROR


def test_a_value_that_is_no_number_is_no_0():
    assert found(steady(({}, math.nan)), equals=0).verdict is Verdict.FAIL
    assert found(steady(({}, math.nan)), at_most=5).verdict is Verdict.FAIL


@pytest.mark.parametrize("text", ["", "5", "s", "1x", "1m 30s", "-1s"])
@pytest.mark.parametrize("notation", [PROMETHEUS, GO])
def test_a_duration_that_cannot_be_read_is_no_0(notation, text):
    # Litmus took the same number for nanoseconds and for seconds; one without a unit is none here.
    with pytest.raises(ValueError, match="is not a duration"):
        seconds_of(text, notation)


@pytest.mark.parametrize("notation", [PROMETHEUS, GO])
def test_a_duration_is_in_seconds(notation):
    assert [seconds_of(text, notation) for text in ("500ms", "90s", "1m30s")] == [0.5, 90.0, 90.0]


def test_every_verdict_can_be_reached():
    # chaostoolkit-prometheus had a branch that nothing reached.
    waiver = {"id": "w", "shows": {"equals": 0}}
    verdicts = {
        found(steady(({}, 1)), equals=1).verdict,
        found(steady(({}, 1)), equals=2).verdict,
        found(steady(({}, 0)), equals=1, known_issue=waiver).verdict,
        found(steady(up=0), equals=1).verdict,
    }
    # A scenario is skipped before anything is judged.
    assert verdicts == set(Verdict) - {Verdict.SKIPPED}


def caught_timeouts():
    """Return the names under which the harness catches that something took too long."""
    found = set()
    for path in Path(process.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                parts = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                names = [ast.unparse(part) for part in parts]
                found |= {name for name in names if "imeout" in name.rpartition(".")[2]}
    return found


def test_a_timeout_is_caught_by_the_name_under_which_it_is_raised():
    # A helper caught TimeoutError where a library raised TimeoutExpiredError, which is no such error.
    raised = {
        "WaitTimeoutError": WaitTimeoutError,
        "subprocess.TimeoutExpired": subprocess.TimeoutExpired,
        "filelock.Timeout": filelock.Timeout,
    }
    assert not issubclass(subprocess.TimeoutExpired, TimeoutError)
    assert not issubclass(WaitTimeoutError, TimeoutError)
    assert caught_timeouts() <= raised.keys()


def test_a_command_that_does_not_end_is_an_error_and_no_answer():
    with pytest.raises(CommandError, match="cannot rest: no end within"):
        process.run("rest", ["sleep", "60"], timeout=0.05)
