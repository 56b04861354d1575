"""Shards on one cluster never disturb each other, and have all scenarios once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base import bundled
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.daemons import DAEMON
from harness.runner.conflicts import Conflicts, Shared, conflicts_of
from harness.runner.one_cluster import (
    OneClusterDivision,
    TooManyShardsError,
    conflicting_groups,
    divided_on_one_cluster,
)
from harness.scenario.discover import discover
from harness.scenario.load import load

OPERATIONS = ("PodChaos", "StressChaos", "NetworkChaos", "requests")


def sets(of, most=2):
    return st.frozensets(st.sampled_from(of), max_size=most)


CONFLICTS = st.builds(
    Conflicts,
    alone=st.sampled_from(["", "", "", "", "why"]),
    looks=st.lists(st.builds(Shared, st.just("metric"), sets(OPERATIONS)), max_size=1).map(tuple),
    does=sets(OPERATIONS),
    breaks=st.sampled_from([frozenset(), frozenset(), frozenset({DAEMON})]),
    needs=sets((DAEMON,)),
    uses=sets(("the CPU", "a Schedule of one name"), most=1),
)
SCENARIOS = st.dictionaries(st.text("abc", min_size=1, max_size=4), CONFLICTS, min_size=1, max_size=25)
FREE, CPU = Conflicts(), Conflicts(uses=frozenset({"the CPU"}))
ALONE, BREAKS = Conflicts(alone="why"), Conflicts(breaks=frozenset({DAEMON}))


def most(conflicts, seconds) -> OneClusterDivision:
    """Divide into as many shards as are possible, which the error of too many tells."""
    with pytest.raises(TooManyShardsError) as caught:
        divided_on_one_cluster(conflicts, seconds, len(conflicts) + 1)
    assert caught.value.next_step
    possible = int(caught.value.next_step.split("--shards ")[1].split(",")[0])
    with pytest.raises(TooManyShardsError):
        divided_on_one_cluster(conflicts, seconds, possible + 1)
    return divided_on_one_cluster(conflicts, seconds, possible)


def durations(conflicts, draw) -> dict[str, float]:
    return {name: draw.uniform(0.0, 500.0) for name in conflicts}


@given(SCENARIOS, st.randoms(use_true_random=False))
def test_two_that_conflict_are_never_in_shards_that_run_beside_each_other(conflicts, draw: random.Random):
    found = most(conflicts, durations(conflicts, draw)).beside
    for number, part in enumerate(found):
        for other in found[number + 1 :]:
            assert not any(conflicts[one].meets(conflicts[two]) for one in part for two in other)


@given(SCENARIOS, st.randoms(use_true_random=False))
def test_everything_is_in_one_shard(conflicts, draw: random.Random):
    found = most(conflicts, durations(conflicts, draw))
    assert sorted(name for part in found.parts for name in part) == sorted(conflicts)
    assert all(found.parts)


@given(SCENARIOS, st.randoms(use_true_random=False))
def test_what_runs_alone_or_breaks_a_component_comes_after_all_others(conflicts, draw: random.Random):
    found = most(conflicts, durations(conflicts, draw))
    for part in found.beside:
        assert not any(conflicts[name].alone or conflicts[name].breaks for name in part)


@given(SCENARIOS, st.randoms(use_true_random=False))
def test_the_order_in_which_they_come_changes_nothing(conflicts, draw: random.Random):
    seconds = durations(conflicts, draw)
    names = list(conflicts)
    draw.shuffle(names)
    shuffled = {name: conflicts[name] for name in names}
    assert most(shuffled, seconds) == most(conflicts, seconds)


@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=5), st.floats(1, 300), min_size=4, max_size=30),
    st.integers(2, 4),
)
def test_no_shard_takes_longer_than_the_mean_and_the_longest_one(seconds, shards):
    found = divided_on_one_cluster(dict.fromkeys(seconds, FREE), seconds, shards).beside
    longest = max(sum(seconds[name] for name in part) for part in found)
    assert longest <= sum(seconds.values()) / shards + max(seconds.values()) + 0.1


def test_what_takes_turns_counts_as_long_as_all_of_it():
    conflicts = {"a": CPU, "b": CPU, "c": CPU, "d": FREE, "e": FREE}
    seconds = dict.fromkeys(conflicts, 10.0)
    assert divided_on_one_cluster(conflicts, seconds, 2) == OneClusterDivision(
        (frozenset("abc"), frozenset("de")), frozenset()
    )


def test_conflicts_go_on_from_one_to_the_next():
    looks = Conflicts(looks=(Shared("metric", frozenset({"PodChaos"})),), uses=frozenset({"the CPU"}))
    conflicts = {"looks": looks, "kills": Conflicts(does=frozenset({"PodChaos"})), "burns": CPU, "free": FREE}
    assert conflicting_groups(conflicts) == [["burns", "kills", "looks"], ["free"]]


def test_too_many_shards_say_how_many_are_possible():
    conflicts = {"a": CPU, "b": CPU, "c": FREE, "d": ALONE, "e": BREAKS}
    with pytest.raises(TooManyShardsError) as caught:
        divided_on_one_cluster(conflicts, dict.fromkeys(conflicts, 1.0), 3)
    assert caught.value.problem == "5 scenarios cannot be divided into 3 shards on one cluster"
    assert caught.value.next_step == "use --shards 2, which is the most that is possible here"
    assert caught.value.details == [
        "those that disturb each other go into one shard: 2 groups of them",
        "2 run alone or replace pods of Chaos Mesh: in a shard after all others",
    ]


def test_only_scenarios_that_run_alone_are_one_shard():
    found = divided_on_one_cluster({"a": ALONE, "b": BREAKS}, {"a": 1.0, "b": 1.0}, 1)
    assert found.parts == (frozenset("ab"),)


def test_those_that_ship_with_the_harness():
    known = catalogue()
    conflicts = {
        file.name: conflicts_of(file, known)
        for path in discover([bundled.scenarios()])
        for file in load(path)
    }
    found = most(conflicts, dict.fromkeys(conflicts, 10.0))
    assert len(found.beside) > 1
    assert found.after
