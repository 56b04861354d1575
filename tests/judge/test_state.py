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
