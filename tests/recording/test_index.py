from harness.recording.index import LabelIndex
from harness.recording.series import Series


def test_positions_are_by_value_and_grow_with_the_series():
    series = [Series({"__name__": "m", "a": "1"}), Series({"__name__": "m"})]
    index = LabelIndex(series)
    assert index.positions("a") == {"1": [0], "": [1]}
    series += [Series({"__name__": "m", "a": "1"}), Series({"__name__": "m", "a": "2"})]
    assert index.positions("a") == {"1": [0, 2], "": [1], "2": [3]}
    assert index.positions("b") == {"": [0, 1, 2, 3]}
