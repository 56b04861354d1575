"""Parts of a run have all scenarios once, whatever is known of their durations."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.runner.shard import ShardNumber, divided

SECONDS = st.dictionaries(st.text(min_size=1, max_size=12), st.floats(0, 1e5), max_size=60)


@given(SECONDS, st.integers(1, 12))
def test_the_parts_have_everything_once(seconds, parts):
    found = divided(seconds, parts)
    assert len(found) == parts
    assert sorted(name for part in found for name in part) == sorted(seconds)


@given(SECONDS, st.integers(1, 12), st.randoms(use_true_random=False))
def test_the_parts_do_not_depend_on_the_order(seconds, parts, shuffle: random.Random):
    names = list(seconds)
    shuffle.shuffle(names)
    assert divided({name: seconds[name] for name in names}, parts) == divided(seconds, parts)


@given(SECONDS, st.integers(1, 12))
def test_no_part_is_empty_while_there_is_enough(seconds, parts):
    assert sum(not part for part in divided(seconds, parts)) == max(0, parts - len(seconds))


@given(st.dictionaries(st.text(max_size=8), st.floats(0.1, 300), min_size=1, max_size=60), st.integers(1, 8))
def test_no_part_takes_longer_than_the_mean_and_the_longest_one(seconds, parts):
    longest = max(sum(seconds[name] for name in part) for part in divided(seconds, parts))
    assert longest <= sum(seconds.values()) / parts + max(seconds.values()) + 0.1


def test_balanced_by_duration_not_by_number():
    seconds = {"long": 60.0, **{f"short-{number}": 10.0 for number in range(6)}}
    assert divided(seconds, 2) == [{"long"}, seconds.keys() - {"long"}]


def test_what_is_written():
    assert ShardNumber.parse("2/3") == (2, 3)
    assert str(ShardNumber(2, 3)) == "2/3"


@pytest.mark.parametrize(
    "text", ["", "0/3", "4/3", "1/0", "1", "a/b", "-1/3", "1/3/5", " 1/3", "1.0/2", "1/99999"]
)
def test_what_means_nothing(text):
    with pytest.raises(ValueError, match="write it as I/N"):
        ShardNumber.parse(text)
