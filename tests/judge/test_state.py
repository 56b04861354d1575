import math

import pytest

from harness.judge.state import Sample, StateSamples
from harness.recording.series import Series


def test_samples_are_a_sequence():
    labels = [{"__name__": "m", "job": "j", "instance": str(number)} for number in range(3)]
    samples = StateSamples([Series(each) for each in labels], [0.5, 1.5, 2.5])
    wanted = [Sample({"job": "j", "instance": str(n)}, n + 0.5, ("j", str(n))) for n in range(3)]
    assert list(samples) == wanted
    assert len(samples) == 3
    assert samples[-1] == wanted[-1]
    assert list(samples[1:]) == wanted[1:]
    assert wanted[1] in samples
    assert not StateSamples([], [])
    with pytest.raises(IndexError):
        samples[3]


@pytest.mark.parametrize(
    ("values", "same"),
    [([1.0, math.nan], True), ([1.0, 2.0], False), ([math.nan, 1.0], False), ([1.0], False)],
)
def test_the_same_samples_are_of_the_same_series_with_the_same_values(values, same):
    series = [Series({"__name__": "m", "a": str(number)}) for number in range(2)]
    of = StateSamples(series, [1.0, math.nan])
    assert of.same(StateSamples(series[: len(values)], values)) is same
    assert not of.same(StateSamples([series[1], series[0]], [1.0, math.nan]))


def test_minus_zero_reads_otherwise_than_zero():
    series = [Series({"__name__": "m"})]
    assert not StateSamples(series, [0.0]).same(StateSamples(series, [-0.0]))
