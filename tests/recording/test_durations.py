import math

from hypothesis import given
from hypothesis import strategies as st

from harness.recording.durations import Durations
from harness.recording.series import Layout, Series

LABELS = {"__name__": "scrape_duration_seconds", "job": "j", "instance": "i"}
TARGET = ("j", "i")


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(-1, 12)), min_size=1))
def test_the_longest_until_a_time_is_the_greatest_of_all_until_then(steps):
    series = Series(LABELS)
    layout, durations = Layout([series]), Durations([series])
    for time, (seconds, until) in enumerate(steps):
        # Asked for as it grows: what was worked out before must not be stale.
        layout.add(float(time), [seconds])
        wanted = max((each for each, _ in steps[: min(until, time) + 1]), default=0.0)
        assert durations.longest(TARGET, float(until)) == wanted


def test_a_target_without_recorded_durations_took_none():
    durations = Durations()
    assert durations.at(TARGET, 1.0) is None
    assert durations.longest(TARGET, math.inf) == 0.0
    durations.add(Series.of(LABELS, [(1.0, 0.25)]))
    assert durations.at(TARGET, 1.0) == 0.25
    assert durations.at(TARGET, 2.0) is None
    assert durations.longest(TARGET, math.inf) == 0.25
    assert durations.longest(TARGET, 0.5) == 0.0


def test_the_last_series_of_a_target_counts():
    durations = Durations([Series.of(LABELS, [(1.0, 0.25)])])
    assert durations.longest(TARGET, math.inf) == 0.25
    durations.add(Series.of({**LABELS, "node": "another"}, [(2.0, 0.125)]))
    assert durations.longest(TARGET, math.inf) == 0.125
    assert durations.at(TARGET, 1.0) is None
