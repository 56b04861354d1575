from harness.recording.model import Mark, Recording, Samples, SeriesDefinition
from tests.fakes.recordings import manifest


def test_a_series_that_is_defined_twice_is_one():
    recording = Recording(manifest())
    for number in (0, 1):
        recording.add(SeriesDefinition(number=number, labels={"__name__": "up", "job": "j"}))
    recording.add(Samples(samples=[(0, 1.0, 1.0), (1, 2.0, 1.0)]))
    (series,) = recording.by_name["up"]
    assert series.times == [1.0, 2.0]


def test_a_mark_remembers_the_newest_scrape_recorded_before_it():
    recording = Recording(manifest())
    recording.add(SeriesDefinition(number=0, labels={"__name__": "up", "job": "j", "instance": "i"}))
    recording.add(Samples(samples=[(0, 1.0, 1.0)]))
    recording.add(Mark(time=5.0, step=0, name="started"))
    recording.add(Samples(samples=[(0, 2.0, 1.0)]))
    # Scraped before the mark's time, recorded after it: it belongs to the step.
    assert recording.seen_at(0, "started") == {("j", "i"): 1.0}
    assert recording.seen_at(0, "settled") == {}
