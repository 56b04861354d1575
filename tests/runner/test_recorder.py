"""The recording in memory and the one on disk are the same, and hold each sample once."""

import math

from harness.recording.model import LayoutDefinition, Mark, Note, Samples, SeriesDefinition, labels_of
from harness.recording.reader import RecordingReader, read

A = {"__name__": "things", "job": "manager", "instance": "one"}
B = {"__name__": "things", "job": "manager", "instance": "two"}


def entries(folder):
    reader = RecordingReader(folder)
    found = list(reader.entries())
    assert reader.truncated is None
    return found


def samples(recording, labels):
    series = recording.series[labels_of(labels)]
    return list(zip(series.times, series.values, strict=True))


def test_only_new_samples_are_written(recorder, folder):
    assert recorder.add_samples([(A, [(1.0, 5.0), (2.0, 6.0)])]) == 2
    assert recorder.add_samples([(A, [(1.0, 5.0), (2.0, 6.0), (3.0, 6.0)])]) == 1
    recorder.close()
    assert [entry for entry in entries(folder) if isinstance(entry, Samples)] == [
        Samples(layout=0, time=1.0, values=[5.0]),
        Samples(layout=0, time=2.0, values=[6.0]),
        Samples(layout=0, time=3.0, values=[6.0]),
    ]


def test_nothing_is_written_when_nothing_is_new(recorder, folder):
    recorder.add_samples([(A, [(1.0, 5.0)])])
    assert recorder.add_samples([(A, [(1.0, 5.0)])]) == 0
    assert recorder.add_samples([]) == 0
    recorder.close()
    assert len(entries(folder)) == 3


def test_series_and_layouts_are_defined_once_before_their_samples(recorder, folder):
    recorder.add_samples([(A, [(1.0, 5.0)])])
    # The same label set in another order is the same series.
    recorder.add_samples([(dict(reversed(A.items())), [(2.0, 5.0)]), (B, [(2.0, 7.0)])])
    recorder.add_samples([(B, [(3.0, 7.0)]), (A, [(3.0, 6.0)])])
    recorder.close()
    assert entries(folder) == [
        SeriesDefinition(number=0, labels=A),
        LayoutDefinition(number=0, series=[0]),
        Samples(layout=0, time=1.0, values=[5.0]),
        SeriesDefinition(number=1, labels=B),
        Samples(layout=0, time=2.0, values=[5.0]),
        LayoutDefinition(number=1, series=[1]),
        Samples(layout=1, time=2.0, values=[7.0]),
        Samples(layout=1, time=3.0, values=[7.0]),
        Samples(layout=0, time=3.0, values=[6.0]),
    ]


def test_one_scrape_is_one_entry_in_whatever_order_it_is_given(recorder, folder):
    other = {**A, "__name__": "others"}
    recorder.add_samples([(A, [(1.0, 5.0), (2.0, 6.0)]), (other, [(1.0, 7.0), (2.0, 8.0)])])
    recorder.add_samples([(other, [(3.0, 9.0)]), (A, [(3.0, 4.0)])])
    recorder.close()
    assert entries(folder)[2:] == [
        LayoutDefinition(number=0, series=[0, 1]),
        Samples(layout=0, time=1.0, values=[5.0, 7.0]),
        Samples(layout=0, time=2.0, values=[6.0, 8.0]),
        Samples(layout=0, time=3.0, values=[4.0, 9.0]),
    ]


def test_each_series_has_its_own_newest_sample(recorder):
    recorder.add_samples([(A, [(5.0, 1.0)])])
    assert recorder.add_samples([(B, [(4.0, 1.0)])]) == 1
    assert samples(recorder.recording, B) == [(4.0, 1.0)]


def test_memory_and_disk_agree(recorder, folder):
    recorder.add(Mark(time=0.5, step=0, name="started"))
    recorder.add_samples([(A, [(1.0, 5.0), (2.0, math.inf)])])
    recorder.add(Note(time=2.5, text="a note", detail={"answered": 3}))
    recorder.add_samples([(A, [(2.0, 9.0), (3.0, 7.5)]), (B, [(3.0, 0.0)])])
    recorder.close()
    found, truncated = read(folder)
    assert truncated is None
    assert found.marks == recorder.recording.marks != []
    assert found.notes == recorder.recording.notes != []
    for labels in (A, B):
        assert samples(found, labels) == samples(recorder.recording, labels)
    assert samples(found, A) == [(1.0, 5.0), (2.0, math.inf), (3.0, 7.5)], "the first value stays"


def test_what_was_added_is_on_disk_before_the_end(recorder, folder):
    recorder.add_samples([(A, [(1.0, 5.0)])])
    found, truncated = read(folder)
    assert samples(found, A) == [(1.0, 5.0)]
    assert truncated is not None
