"""Values as reports show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.values import axis_texts, value_text

START = "mini_node_process_start_time_seconds"


def test_a_time_is_shown_as_one():
    assert value_text(START, 1796000000.25) == "1796000000.25 (00:53:20.250 UTC)"
    assert value_text("mini_node_clock_seconds", 1796000000.0).endswith("(00:53:20.000 UTC)")
    assert value_text(START, 12.0) == "12"
    assert value_text("chaos_daemon_iptables_bytes", 1796000000.0) == "1796000000"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1796000000.0, 1796000001.0], ["00:53:20", "00:53:21"]),
        ([1796000000.0, 1796000000.5], ["00:53:20.000", "00:53:20.500"]),
        ([0.0, 3.0], ["0", "3"]),
    ],
)
def test_an_axis_tells_its_values_apart(values, shown):
    assert axis_texts(START, values) == shown


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=2, unique=True))
def test_two_values_never_look_the_same(values):
    assert len({*axis_texts("bytes", values)}) == len({*values})
