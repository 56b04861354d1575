"""What an argument demands must never say more than what the kind then checks."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judge.argument import OracleRef
from harness.judge.demand import Demand, SeriesDemand
from harness.judge.kind import Increase, kinds
from harness.judge.state import Sample, Scrape, SeriesState
from harness.recording.model import Point

TARGET = ("manager", "one")
NUMBERS = [-math.inf, 0.0, 1.0, 2.0, math.inf, math.nan]
numbers = st.sampled_from(NUMBERS)
label_sets = st.sampled_from([{}, {"phase": "a"}, {"phase": "b"}, {"phase": "a", "kind": "x"}])
values = st.one_of(
    numbers,
    st.builds(lambda low: {"at_least": low}, numbers),
    st.builds(lambda high: {"at_most": high}, numbers),
    st.builds(lambda low, high: {"between": [low, high]}, numbers, numbers),
)
listed = st.lists(st.builds(lambda labels, value: labels | {"value": value}, label_sets, values), max_size=3)
tolerances = st.builds(
    lambda value, key, distance: {"value": value, key: distance},
    numbers,
    st.sampled_from(["abs", "rel"]),
    st.sampled_from([0.0, 0.5, 1.0]),
)
arguments = st.one_of(
    st.tuples(st.sampled_from(["absent", "present"]), st.just(True)),
    st.tuples(st.sampled_from(["equals", "at_least", "at_most", "increases_by"]), numbers),
    st.tuples(st.just("between"), st.lists(numbers, min_size=2, max_size=2)),
    st.tuples(st.just("within"), tolerances),
    st.tuples(st.just("series"), listed),
)
samples = st.lists(
    st.builds(lambda labels, value: Sample(labels, value, TARGET), label_sets, numbers), max_size=3
)


class Grown:
    """Every series grew from 0."""

    fixed = {"kind": "x"}

    def increases(self, state: SeriesState) -> list[Increase]:
        return [Increase(each.labels, 0.0, each.value, each.value) for each in state.samples]

    def vector(self, oracle: OracleRef, state: SeriesState) -> list[Point]:
        raise NotImplementedError


def holds(claim, state):
    kind, raw = claim
    argument = kinds()[kind].parse(raw)
    return kinds()[kind].check(argument, state, None, Grown()).holds


def demand(kind, raw):
    return kinds()[kind].demand(kinds()[kind].parse(raw))


@settings(max_examples=400, deadline=None)
@given(arguments, arguments, samples)
def test_two_claims_that_hold_of_the_same_series_do_not_exclude_each_other(one, other, there):
    state = SeriesState(1.0, {TARGET: Scrape(1.0, 0.1, True)}, there)
    if holds(one, state) and holds(other, state):
        assert not demand(*one).excludes(demand(*other))
        assert not demand(*other).excludes(demand(*one))


@given(arguments, samples)
def test_what_holds_keeps_the_demand(claim, there):
    state = SeriesState(1.0, {TARGET: Scrape(1.0, 0.1, True)}, there)
    if holds(claim, state):
        wanted = demand(*claim)
        assert wanted.least <= len(there) <= wanted.most


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("absent", True, Demand(most=0)),
        ("present", True, Demand(least=1)),
        ("equals", 2, Demand(1, 1, (SeriesDemand((), 2, 2),))),
        ("at_least", 2, Demand(1, 1, (SeriesDemand((), 2, math.inf),))),
        ("at_most", 2, Demand(1, 1, (SeriesDemand((), -math.inf, 2),))),
        ("between", [1, 2], Demand(1, 1, (SeriesDemand((), 1, 2),))),
        ("between", [1, {"oracle": "pods"}], Demand(least=1)),
        ("within", {"value": -10, "rel": 0.1}, Demand(1, 1, (SeriesDemand((), -11, -9),))),
        ("equals", {"oracle": "pods"}, Demand(least=1)),
        ("equals", {"sum": [{"oracle": "pods"}, 1]}, Demand(least=1)),
        ("increases_by", 0, Demand(stays=True)),
        ("increases_by", 2, Demand(least=1)),
        ("increases_by", {"oracle": "pods"}, Demand()),
        ("unchanged", True, Demand(least=1, stays=True)),
        ("series", {"oracle": "pods"}, Demand()),
        (
            "series",
            [{"phase": "a", "value": {"at_least": 1}}, {"value": {"oracle": "pods"}}],
            Demand(2, 2, (SeriesDemand((("phase", "a"),), 1, math.inf), SeriesDemand())),
        ),
    ],
)
def test_what_each_kind_demands(kind, raw, expected):
    assert demand(kind, raw) == expected


def test_each_kind_is_spoken_of():
    told = {"absent", "present", "equals", "at_least", "at_most", "between", "within", "increases_by"}
    assert set(kinds()) == told | {"unchanged", "series"}
