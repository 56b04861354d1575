"""An increase that is followed from state to state is the one that is worked out at once."""

from hypothesis import given
from hypothesis import strategies as st

from harness.judge.increase import Increases
from harness.judge.matching import Matchers
from harness.judge.sweep import Selection, baseline
from tests.fakes.recordings import INSTANCE, JOB, METRIC, Timeline

ONE = (JOB, INSTANCE)
VALUES = st.lists(st.sampled_from([None, 0, 1, 2, 5, 0.1, 0.7]), min_size=3, max_size=15)


def state_at(selection, time):
    state = selection.state({ONE: time})
    assert state is not None
    return state


@given(VALUES, VALUES, st.data())
def test_it_does_not_matter_which_states_were_looked_at_before(ones, twos, data):
    timeline = Timeline().values(ones, labels={"l": "a"})
    recording = timeline.values(twos, labels={"l": "b"}, instance="two").recording()
    selection = Selection(recording, METRIC, Matchers({}), [JOB])
    before = baseline(selection, {ONE: 101.0, (JOB, "two"): 101.0})
    followed = Increases(selection)
    for _ in range(5):
        times = {
            target: 100.0 + data.draw(st.integers(1, len(of_target) - 1))
            for target, of_target in ((ONE, ones), ((JOB, "two"), twos))
            if data.draw(st.booleans())
        }
        if not times:
            continue
        state = selection.state(times)
        assert state is not None
        assert before is not None
        assert followed.since(before, state) == Increases(selection).since(before, state)


def test_what_was_said_before_is_not_changed():
    recording = Timeline().values([3, 3, 5, 1, 4]).recording()
    selection = Selection(recording, METRIC, Matchers({}), [JOB])
    before = baseline(selection, {ONE: 101.0})
    assert before is not None
    increases = Increases(selection)
    (early,) = increases.since(before, state_at(selection, 102.0))
    (late,) = increases.since(before, state_at(selection, 104.0))
    assert (early.amount, early.resets, early.last) == (2, [], 5)
    assert (late.amount, late.resets, late.last) == (6, [(103.0, 5, 1)], 4)
