"""On which cluster a scenario starts, for any that run already."""

from hypothesis import example, given
from hypothesis import strategies as st

from harness.runner.conflicts import Conflicts, Shared
from harness.runner.placement import place_for

COMPONENTS = st.frozensets(st.sampled_from(["controller-manager", "chaos-daemon"]))
CONFLICTS = st.builds(
    Conflicts,
    alone=st.sampled_from(["", "", "", "it says so"]),
    looks=st.sampled_from([(), (Shared("a metric", frozenset({"StressChaos"})),)]),
    does=st.frozensets(st.sampled_from(["StressChaos", "PodChaos"])),
    breaks=COMPONENTS,
    needs=COMPONENTS,
    uses=st.frozensets(st.sampled_from(["the CPU", "a Schedule x"])),
)
PLACES = ["c", "c-2", "c-3"]
RUNNING = st.lists(st.tuples(st.sampled_from(PLACES), CONFLICTS), max_size=6)


@given(CONFLICTS, st.integers(0, 3), RUNNING)
def test_it_meets_nothing_where_it_starts_and_waits_only_when_it_has_to(mine, number, running):
    places = PLACES[:number]
    place = place_for(mine, places, running)
    free = [each for each in places if not any(mine.meets(other) for at, other in running if at == each)]
    of_machine = any(mine.meets_elsewhere(other) for _, other in running)
    if place is None:
        assert of_machine or not free
    else:
        assert place in free
        assert not of_machine
        counts = {each: sum(at == each for at, _ in running) for each in free}
        assert counts[place] == min(counts.values())


@given(CONFLICTS, RUNNING.map(lambda all_: [("c", each) for _, each in all_]))
def test_with_one_cluster_it_starts_when_it_meets_nothing(mine, running):
    free = not any(mine.meets(other) for _, other in running)
    assert place_for(mine, ["c"], running) == ("c" if free else None)


@given(CONFLICTS, CONFLICTS)
@example(Conflicts(alone="it says so"), Conflicts())
@example(Conflicts(uses=frozenset({"the CPU"})), Conflicts(uses=frozenset({"the CPU"})))
def test_what_meets_on_another_cluster_meets_on_the_same_one(one, other):
    assert bool(one.meets_elsewhere(other)) == bool(other.meets_elsewhere(one))
    if one.meets_elsewhere(other):
        assert one.meets(other)


def test_what_the_machine_has_once_is_used_by_one_on_all_clusters():
    burns = Conflicts(uses=frozenset({"the CPU"}))
    breaks = Conflicts(breaks=frozenset({"chaos-daemon"}), needs=frozenset({"chaos-daemon"}))
    named = Conflicts(uses=frozenset({"a Schedule x"}))
    assert place_for(burns, ["c", "c-2"], [("c", burns)]) is None
    assert place_for(Conflicts(alone="why"), ["c", "c-2"], [("c", Conflicts())]) is None
    assert place_for(Conflicts(), ["c", "c-2"], [("c", Conflicts(alone="why"))]) is None
    assert place_for(breaks, ["c", "c-2"], [("c", breaks)]) == "c-2"
    assert place_for(named, ["c", "c-2"], [("c", named)]) == "c-2"


def test_what_disturbs_nobody_goes_where_the_fewest_run():
    quiet = Conflicts()
    assert place_for(quiet, ["c", "c-2"], []) == "c"
    assert place_for(quiet, ["c", "c-2"], [("c", quiet)]) == "c-2"
    assert place_for(quiet, ["c", "c-2"], [("c", quiet), ("c-2", quiet), ("c-2", quiet)]) == "c"
    assert place_for(quiet, [], []) is None
