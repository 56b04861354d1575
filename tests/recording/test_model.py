import pytest

from harness.judge.judge import judge
from harness.recording.model import (
    InconsistentRecordingError,
    LayoutDefinition,
    Mark,
    Reading,
    Recording,
    Samples,
    SeriesDefinition,
    labels_of,
)
from harness.recording.series import Series
from tests.fakes.recordings import METRIC, Timeline, decided, expected, manifest

UP = {"__name__": "up", "job": "j", "instance": "i"}


def one_target():
    recording = Recording(manifest())
    recording.add(SeriesDefinition(number=0, labels=UP))
    recording.add(LayoutDefinition(number=0, series=[0]))
    recording.add(Samples(layout=0, time=1.0, values=[1.0]))
    return recording


def test_a_mark_remembers_the_newest_scrape_recorded_before_it():
    recording = one_target()
    recording.add(Mark(time=5.0, step=0, name="started"))
    recording.add(Samples(layout=0, time=2.0, values=[1.0]))
    # Scraped before the mark's time, recorded after it: it belongs to the step.
    assert recording.seen_at(0, "started") == {("j", "i"): 1.0}
    assert recording.seen_at(0, "settled") == {}


def test_the_first_mark_of_a_name_is_the_one():
    recording = Recording(manifest())
    marks = [Mark(time=time, step=0, name="started") for time in (1.0, 2.0)]
    for mark in marks:
        recording.add(mark)
    assert recording.mark(0, "started") == marks[0]
    assert recording.mark(1, "started") is recording.mark(0, "ended") is None
    assert recording.marks == marks


def test_readings_are_in_the_order_in_which_they_ended():
    recording = Recording(manifest())
    for ended in (1.0, 3.0, 2.0):
        recording.add(Reading(oracle="o", key="{}", began=ended, ended=ended, vector=[]))
    assert [reading.ended for reading in recording.readings["o", "{}"]] == [1.0, 2.0, 3.0]


def test_the_duration_of_a_scrape_is_that_of_its_target():
    timeline = Timeline().scrape(100.0, duration=0.2).scrape(100.5, instance="two", duration=0.3)
    recording = timeline.recording()
    assert recording.scrape_duration(("manager", "one"), 100.0) == 0.2
    assert recording.scrape_duration(("manager", "two"), 100.5) == 0.3
    assert recording.scrape_duration(("manager", "two"), 100.0) == 0.0
    assert recording.scrape_duration(("manager", "three"), 100.0) == 0.0


def test_what_does_not_fit_changes_nothing():
    recording = one_target()
    for entry in (
        SeriesDefinition(number=0, labels={"__name__": "other"}),
        SeriesDefinition(number=1, labels=UP),
        LayoutDefinition(number=0, series=[0]),
        Samples(layout=0, time=2.0, values=[1.0, 2.0]),
    ):
        with pytest.raises(InconsistentRecordingError):
            recording.add(entry)
    (series,) = recording.series.values()
    assert series is recording.by_name["up"][0]
    assert (series.labels, series.times) == (UP, [1.0])


def test_a_view_has_other_series_of_a_metric_and_leaves_the_recording_as_it_is():
    recording = Timeline().values([1] * 20).recording()
    before = recording.by_name[METRIC]
    (was,) = before
    halved = Series.of(
        was.labels, [(time, value / 2) for time, value in zip(was.times, was.values, strict=True)]
    )
    view = recording.with_series({METRIC: [halved]})
    assert view.by_name[METRIC] == [halved]
    assert view.series[labels_of(was.labels)] is halved
    assert recording.by_name[METRIC] is before
    assert recording.series[labels_of(was.labels)] is was
    assert decided(judge(recording, expected(equals=1), 1000.0)).verdict == "passed"
    assert decided(judge(view, expected(equals=1), 1000.0)).verdict == "failed"
    assert decided(judge(view, expected(equals=0.5), 1000.0)).verdict == "passed"


def test_a_view_without_a_metric_has_none_of_its_series():
    recording = Timeline().values([1] * 20).recording()
    view = recording.with_series({METRIC: [], "scrape_duration_seconds": []})
    assert {series.labels["__name__"] for series in view.series.values()} == {"up"}
    assert recording.scrape_duration(("manager", "one"), 100.0) == 0.05
    assert view.scrape_duration(("manager", "one"), 100.0) == 0.0
