"""How long scenarios took is kept for the next run, and is never a reason not to run."""

import pytest

from harness.judge.finding import Verdict
from harness.results import last_durations
from harness.results.scenario import ScenarioResult


def took(name, seconds, verdict=Verdict.PASS):
    return ScenarioResult(name=name, file=f"{name}.yaml", seconds=seconds, verdict=verdict)


def test_what_ran_replaces_what_was_known_of_it_and_leaves_the_rest():
    assert last_durations.read() == {}
    last_durations.keep([took("a", 1.26), took("b", 2.0)])
    last_durations.keep([took("b", 3.0, Verdict.FAIL)])
    assert last_durations.read() == {"a": 1.3, "b": 3.0}


def test_what_did_not_come_to_its_end_says_nothing():
    last_durations.keep([took("a", 9.0, Verdict.SKIPPED), took("b", 9.0, Verdict.ERROR)])
    assert not last_durations.path().exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": "x", "b": -1, "c": NaN, "d": true}', '{"a": null}'])
def test_a_file_that_cannot_be_read_is_none(text):
    last_durations.path().write_text(text)
    assert last_durations.read() == {}
