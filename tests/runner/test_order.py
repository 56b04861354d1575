from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.runner.conflicts import Conflicts
from harness.runner.order import start_order

FREE = Conflicts()
ONE = Conflicts(uses=frozenset({"it"}))
ALONE = Conflicts(alone="why")


def test_of_what_disturbs_nobody_the_longest_comes_first():
    assert start_order(dict.fromkeys("abc", FREE), {"a": 1.0, "b": 3.0, "c": 2.0}) == ["b", "c", "a"]


def test_what_keeps_more_waiting_comes_before_what_is_longer():
    conflicts = {"long": FREE, "one": ONE, "other": ONE, "another": ONE}
    seconds = {"long": 10.0, "one": 4.0, "other": 4.0, "another": 4.0}
    assert start_order(conflicts, seconds) == ["one", "other", "another", "long"]


def test_what_runs_alone_comes_first():
    assert start_order({"a": FREE, "b": ONE, "c": ALONE}, {"a": 9.0, "b": 1.0, "c": 1.0})[0] == "c"


def test_of_what_is_not_known_the_median_is_taken():
    seconds = {"a": 1.0, "b": 2.0, "c": 30.0}
    assert start_order(dict.fromkeys("axcb", FREE), seconds) == ["c", "x", "b", "a"]


def test_without_any_duration_what_meets_most_comes_first_and_equals_stay_as_they_came():
    conflicts = {"a": FREE, "b": ONE, "c": FREE, "d": ONE, "e": ALONE}
    assert start_order(conflicts, {}) == ["e", "b", "d", "a", "c"]


@given(st.dictionaries(st.text(max_size=3), st.floats(0.1, 1e4)), st.randoms())
def test_the_same_durations_give_the_same_order(seconds, random):
    conflicts = dict.fromkeys(seconds, FREE)
    shuffled = [*seconds.items()]
    random.shuffle(shuffled)
    assert start_order(conflicts, dict(shuffled)) == start_order(conflicts, seconds)
