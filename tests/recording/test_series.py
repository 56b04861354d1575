"""A series says what a plain list of its samples would say, however they came."""

import math

from hypothesis import given
from hypothesis import strategies as st

from harness.recording.series import Layout, Series

NAMES = [{"__name__": f"m{number}", "job": "j", "instance": "i"} for number in range(4)]


class Plain:
    """The samples of one series as a dictionary: what is newer than all before is kept."""

    def __init__(self):
        self.samples = {}

    def add(self, time, value):
        if time > max(self.samples, default=-math.inf):
            self.samples[time] = value

    def between(self, after, until):
        return [(time, value) for time, value in self.samples.items() if after < time <= until]


TIMES = st.integers(0, 12).map(float)
LAYOUTS = st.lists(st.sampled_from(range(4)), min_size=1, unique=True)


@st.composite
def scrapes(draw):
    """Layouts, and (layout, time, values) each: repeated, out of order, of some series only."""
    layouts = draw(st.lists(LAYOUTS, min_size=1, max_size=4))
    found, time = [], 0.0
    for _ in range(draw(st.integers(0, 20))):
        layout = draw(st.integers(0, len(layouts) - 1))
        # Mostly onwards, as in a run.
        time = draw(st.one_of(st.just(time + 1), st.just(time + 1), st.just(time), TIMES))
        found.append((layout, time, [draw(st.floats(width=16)) for _ in layouts[layout]]))
    return layouts, found


def same(value, other):
    return value == other or (value is not None and other is not None and math.isnan(value + other))


@given(scrapes())
def test_it_says_what_a_plain_list_of_its_samples_would_say(drawn):
    members, entries = drawn
    series, plain = [Series(labels) for labels in NAMES], [Plain() for _ in NAMES]
    layouts = [Layout([series[number] for number in numbers]) for numbers in members]
    for layout, time, values in entries:
        layouts[layout].add(time, values)
        for number, value in zip(members[layout], values, strict=True):
            plain[number].add(time, value)
        # Also in between: what is asked for must not change what is added.
        assert series[0].times == list(plain[0].samples)
    for one, other in zip(series, plain, strict=True):
        times = list(other.samples)
        assert one.times == times
        assert all(map(same, one.values, other.samples.values()))
        assert len(one.values) == len(times)
        assert one.first == (times[0] if times else None)
        assert one.newest == (times[-1] if times else None)
        for time in [each / 2 for each in range(-1, 50)]:
            assert same(one.at(time), other.samples.get(time))
            for until in (time - 1, time, time + 0.5, time + 4, math.inf):
                wanted = other.between(time, until)
                found = one.between(time, until)
                assert [each for each, _ in found] == [each for each, _ in wanted]
                assert all(same(a, b) for (_, a), (_, b) in zip(found, wanted, strict=True))
            for count in (0, 1, 3, 100):
                wanted = other.between(-math.inf, time)[-count:] if count else []
                assert [each for each, _ in one.latest(time, count)] == [each for each, _ in wanted]


def test_scrapes_of_the_same_series_are_kept_as_one():
    series = [Series(labels) for labels in NAMES]
    whole, part, rest = Layout(series), Layout(series[:1]), Layout(series[1:])
    for time in range(100):
        whole.add(float(time), [1.0] * 4)
    assert series[0].times is series[3].times, "held once"
    # Two queries may bring a scrape in two parts, each with its own series: neither ends the other.
    for time in range(100, 200):
        part.add(float(time), [2.0])
        rest.add(float(time), [3.0] * 3)
    assert series[1].times == series[0].times == [float(time) for time in range(200)]
    assert len(series[0]._chunks) == len(series[1]._chunks) == 2


def test_a_series_can_be_made_of_samples():
    series = Series.of(NAMES[0], [(1.0, 5.0), (2.0, math.inf), (2.0, 7.0)])
    assert (series.labels, series.target) == (NAMES[0], ("j", "i"))
    assert (series.times, series.values) == ([1.0, 2.0], [5.0, math.inf])
    assert Series.of({"__name__": "m"}, []).times == []
    assert Series.of({"__name__": "m"}, []).target == ("", "")


def test_values_keep_every_bit():
    values = [0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308, math.nan, 2**53 + 1.0]
    series = Series.of(NAMES[0], enumerate(values))
    assert [repr(value) for value in series.values] == [repr(value) for value in values]
