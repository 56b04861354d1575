"""What passed is looked at after its step, too, until a step starts that does not spare it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.finding import Verdict
from harness.judge.replay import replay
from harness.judge.watch import watched_until
from harness.recording.model import SPARES, Mark
from harness.recording.notes import ENDED as BY_ITSELF
from tests.fakes.recordings import SETTLED, Timeline, expected

ENDED = 105.5
"""Step 0 has one fresh scrape, at 105, and ends."""
GAUGE = "0.0"


def timeline(values, *, starts=(), watched=True, spec=None, readings=(), **target):
    """Step 0 ends at 105.5; each of `starts` is (time, ids that the step spares) of a later step."""
    made = Timeline()
    item = expected(identity=GAUGE, **(spec or {"equals": 3}))
    made.at(SETTLED, item.model_copy(update={"watched": watched}))
    made.values([0] * 5 + list(values), **target)
    for time, value in readings:
        made.reading(time, value)
    made.mark("ended", ENDED)
    for index, (time, spared) in enumerate(starts, start=1):
        made.at(time, Mark(time=time, step=index, name="started", detail={"action": "wait", SPARES: spared}))
    return made


def judged(made):
    (finding,) = replay(made.entries(), made.manifest)
    return finding


def test_what_stays_as_it_is_passes():
    assert judged(timeline([3] * 10)).verdict is Verdict.PASS


@pytest.mark.parametrize(("wrong", "why"), [(0, "the value is 0"), (None, "no series")])
def test_one_wrong_scrape_of_ten_fails_and_says_which(wrong, why):
    finding = judged(timeline([3] * 6 + [wrong] + [3] * 3))
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == f"flickered: right in 9 of 10 scrapes, wrong at 111.000: {why}"
    assert finding.layer == "collector"
    assert finding.evidence["watched_scrapes"] == 10
    assert "succeeded, and shows something else" in finding.explanation[0]


def test_several_wrong_scrapes_are_named():
    finding = judged(timeline([3, 0, 3, 0, 3, 3]))
    assert finding.reason == "flickered: right in 4 of 6 scrapes, wrong at 106.000, 108.000: the value is 0"


def test_what_does_not_come_back_did_not_last():
    finding = judged(timeline([3, 3, 0, 0]))
    assert finding.reason.startswith(
        "did not last: right in 2 of 4 scrapes and wrong from 107.000 on, though"
    )


def test_a_step_that_does_not_spare_it_ends_the_watch():
    assert judged(timeline([3, 3, 0, 3], starts=[(106.5, [])])).verdict is Verdict.PASS
    assert judged(timeline([3, 3, 0, 3], starts=[(107.5, [])])).verdict is Verdict.FAIL


def test_a_step_that_spares_it_does_not():
    assert judged(timeline([3, 3, 0, 3], starts=[(106.5, [GAUGE])])).verdict is Verdict.FAIL
    spared_first = [(105.6, [GAUGE]), (106.5, [])]
    assert judged(timeline([3, 3, 0, 3], starts=spared_first)).verdict is Verdict.PASS


def test_a_scrape_that_was_not_complete_when_the_step_started_does_not_count():
    # It took 0.05 s, and the clocks are uncertain by 0.01 s.
    assert judged(timeline([3, 3, 0, 3], starts=[(107.055, [])])).verdict is Verdict.PASS
    assert judged(timeline([3, 3, 0, 3], starts=[(107.065, [])])).verdict is Verdict.FAIL


def test_a_scrape_that_failed_says_nothing():
    assert judged(timeline([3, 3, "down", 3])).verdict is Verdict.PASS


@pytest.mark.parametrize(("ends", "verdict"), [(106.8, Verdict.PASS), (109.0, Verdict.FAIL)])
def test_a_chaos_that_ends_by_itself_ends_the_watch(ends, verdict):
    made = timeline([3, 3, 0, 0, 0, 3])
    made.note(ends, "ended", {BY_ITSELF: {"what": "StressChaos burn", "time": ends}})
    assert judged(made).verdict is verdict


def test_what_is_not_watched_is_judged_by_its_step_alone():
    assert judged(timeline([3, 3, 0, 3], watched=False)).verdict is Verdict.PASS


def test_an_oracle_is_not_asked_again():
    spec = {"equals": {"oracle": "truth"}}
    readings = [(104.1, 3), (105.2, 3)]
    assert judged(timeline([3] * 8, spec=spec, readings=readings)).verdict is Verdict.PASS
    finding = judged(timeline([3] * 4 + [0] + [3] * 3, spec=spec, readings=readings))
    assert finding.reason.startswith("flickered: right in 7 of 8 scrapes")


def test_an_absent_series_that_comes_for_a_moment_flickers():
    finding = judged(timeline([None, None, None, 3, None], spec={"absent": True}))
    assert finding.reason.startswith("flickered: ")


def test_what_failed_in_its_step_stays_as_it_is():
    finding = judged(timeline([0] * 20))
    assert finding.verdict is Verdict.ERROR
    assert "flickered" not in finding.reason


def test_the_first_step_that_does_not_spare_it_counts():
    recording = timeline([3], starts=[(106.0, [GAUGE]), (107.0, []), (108.0, [GAUGE])]).recording()
    assert watched_until(recording, recording.expected[0]) == 107.0
    assert watched_until(timeline([3]).recording(), recording.expected[0]) == math.inf


@given(
    values=st.lists(st.sampled_from([3, 3, 3, 0, None, "down"]), min_size=1, max_size=20),
    until=st.floats(ENDED, 125.0) | st.none(),
    steps=st.integers(0, 2),
)
def test_a_settled_gauge_that_flickers_while_it_is_watched_never_passes(values, until, steps):
    starts = [(ENDED + 0.01 * (index + 1), [GAUGE]) for index in range(steps)]
    starts += [] if until is None else [(max(until, ENDED + 0.1), [])]
    made = timeline([3, *values], starts=starts)
    end = math.inf if until is None else starts[-1][0]
    seen = [value for index, value in enumerate(values) if 106.0 + index + 0.06 <= end and value != "down"]
    finding = judged(made)
    assert (finding.verdict is Verdict.PASS) == all(value == 3 for value in seen)
