"""A failure on a terminal: colours, and lines that end between words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.terminal import terminal_lines, wrapped

TEXT = """\
s: failed
  step 1: apply burn
    failed: m equals
      expected: equal to 2
      actual:
        {pod="a"}  2  1
      reason:   an increase of 1"""


def test_what_is_expected_is_green_and_what_is_actual_red():
    colours = {line.text.strip(): line.colour for line in terminal_lines(TEXT, None)}
    assert colours == {
        "s: failed": None,
        "step 1: apply burn": None,
        "failed: m equals": None,
        "expected: equal to 2": "green",
        "actual:": "red",
        '{pod="a"}  2  1': "red",
        "reason:   an increase of 1": None,
    }


def test_a_log_keeps_its_lines():
    assert [line.text for line in terminal_lines("    " + "word " * 100, None)] == ["    " + "word " * 100]


def test_what_follows_the_first_line_stands_below_the_fields_value():
    assert wrapped("  reason:   one two three four five six", 30) == [
        "  reason:   one two three four",
        "            five six",
    ]


@pytest.mark.parametrize("width", [80, 120])
@given(words=st.lists(st.text("ab:{}=", min_size=1, max_size=30), min_size=1), indent=st.integers(0, 12))
def test_no_word_is_cut_and_every_line_fits(width, words, indent):
    lines = wrapped(" " * indent + " ".join(words), width)
    assert [word for line in lines for word in line.split()] == words
    assert all(len(line) <= width for line in lines)
