"""What is a duration in each notation; a number without a unit is none in any."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.base.durations import GO, PROMETHEUS, RULE, TIMEOUT, seconds_of, text_of

ALL = [TIMEOUT, GO, PROMETHEUS, RULE]


@pytest.mark.parametrize(
    ("notation", "text", "seconds"),
    [
        (TIMEOUT, "90s", 90),
        (TIMEOUT, "1h30m5s", 5405),
        (TIMEOUT, "0s", 0),
        (GO, "1.5h", 5400),
        (GO, "300ms", 0.3),
        (GO, ".5s", 0.5),
        (GO, "20µs", 0.00002),
        (GO, "2h0m0.5s", 7200.5),
        (PROMETHEUS, "1500ms", 1.5),
        (PROMETHEUS, "1y2w3d", (365 + 14 + 3) * 86400),
        (RULE, "1h30m", 5400),
        (RULE, "2d", 172800),
    ],
)
def test_a_duration_is_read(notation, text, seconds):
    assert seconds_of(text, notation) == pytest.approx(seconds)


@pytest.mark.parametrize("notation", ALL)
@pytest.mark.parametrize(
    "text", ["", "0", "5", "m", "5 m", "5m ", "5m\n", "1m 30s", "-5m", "+5m", "5.m", "5mm", "5M", "5x", "5m,"]
)
def test_what_is_no_duration_in_any_notation(notation, text):
    with pytest.raises(ValueError, match="is not a duration"):
        seconds_of(text, notation)


@pytest.mark.parametrize(
    ("notation", "text"),
    [
        *[(TIMEOUT, text) for text in ("1.5h", "1m1h", "1m1m", "1d", "300ms", "٣m", "9" * 400 + "s")],
        *[(GO, text) for text in ("1d", "1w", "1y", "5μs", "1..5s")],
        *[(PROMETHEUS, text) for text in ("1.5s", "5us", "5ns")],
        *[(RULE, text) for text in ("1.5m", "1w", "1y", "500ms")],
    ],
)
def test_what_only_another_notation_has(notation, text):
    with pytest.raises(ValueError, match="is not a duration"):
        seconds_of(text, notation)


def test_what_no_timedelta_can_hold_is_refused():
    with pytest.raises(ValueError, match="out of range"):
        seconds_of("3000000y", PROMETHEUS)


@given(st.lists(st.tuples(st.integers(0, 9999), st.sampled_from("smh")), min_size=1, max_size=5))
@example([(1, "s"), (1, "h"), (1, "s")])
def test_the_parts_of_a_duration_add_up_in_any_order(parts):
    text = "".join(f"{number}{unit}" for number, unit in parts)
    total = sum(number * {"s": 1, "m": 60, "h": 3600}[unit] for number, unit in parts)
    assert [seconds_of(text, notation) for notation in (GO, PROMETHEUS, RULE)] == [total] * 3


@given(st.integers(0, 6 * 60 * 60))
def test_a_duration_is_written_as_it_is_read(seconds):
    assert seconds_of(text_of(seconds), TIMEOUT) == seconds
