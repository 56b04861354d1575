import math

import pytest

from harness.lint.outcome import ANY, ValueRange, always, bounds, comes_out, constant
from harness.prometheus.expression import Binary, Selector, read

INF = math.inf


def of_selector(selector: Selector) -> ValueRange:
    return {"counter": ValueRange(0, INF), "up": ValueRange(0, 1), "below": ValueRange(-INF, -1)}.get(
        selector.metric, ANY
    )


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        ("a", -INF, INF),
        ("counter", 0, INF),
        ("2", 2, 2),
        ("NaN", -INF, INF),
        ("-up", -1, 0),
        ("abs(a)", 0, INF),
        ("rate(a[5s])", 0, INF),
        ("max_over_time(up[5s])", 0, 1),
        ("sum_over_time(up[5s])", 0, INF),
        ("count(a)", 1, INF),
        ("group(a)", 1, 1),
        ("sum(up)", 0, INF),
        ("sum(below)", -INF, -1),
        ("sum(a)", -INF, INF),
        ("max(up)", 0, 1),
        ("quantile(0.5, up)", -INF, INF),
        ("a == bool 1", 0, 1),
        ("a == 1", 1, 1),
        ("a > 3", 3, INF),
        ("3 < a", 3, INF),
        ("3 >= a", -INF, 3),
        ("up > 0", 0, 1),
        ("up + 1", 1, 2),
        ("1 - up", 0, 1),
        ("up - counter", -INF, 1),
        ("a - a", -INF, INF),
        ("-2 * up", -2, 0),
        ("0 * a", 0, 0),
        ("counter / 2", 0, INF),
        ("counter / a", -INF, INF),
        ("counter % 2", 0, 2),
        ("a % -2", -2, 2),
        ("counter % 0", -INF, INF),
        ("a ^ 0", 1, 1),
        ("a ^ up", -INF, INF),
        ("sgn(a)", -1, 1),
        ("sgn(counter)", 0, 1),
        ("sgn(below)", -1, -1),
        ("ceil(counter)", 0, INF),
        ("floor(clamp(a, 0.5, 1.5))", 0, 1),
        ("ceil(clamp(a, 0.5, 1.5))", 1, 2),
        ("round(clamp(a, 0.5, 1.4))", 1, 1),
        ("round(a, 5)", -INF, INF),
        ("minute(a)", 0, 59),
        ("days_in_month(a)", 28, 31),
        ("up or vector(5)", 0, 5),
        ("up and a", 0, 1),
        ("up unless a", 0, 1),
        ("clamp_min(a, 1)", 1, INF),
        ("clamp_max(up, 0.5)", 0, 0.5),
        ("clamp(a, 1, 2)", 1, 2),
        ("vector(scalar(a))", -INF, INF),
        ('label_replace(up, "x", "$1", "y", "(.*)")', 0, 1),
        ("up + on () fill (9) up", -INF, INF),
    ],
)
def test_between_which_values_a_result_is(expression, low, high):
    assert bounds(read(expression), of_selector) == (low, high)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a", False),
        ("vector(1)", True),
        ("minute()", True),
        ("minute(a)", False),
        ("a or vector(0)", True),
        ("vector(0) or a", True),
        ("a or b", False),
        ("a or absent(a)", True),
        ("absent(a) or b or a", True),
        ("absent(a) or b", False),
        ("absent(a)", False),
        ("absent(vector(1))", False),
        ("sum(a or on() vector(0))", True),
        ("abs(vector(-1))", True),
        ("vector(1) + vector(2)", True),
        ("a + vector(2)", False),
        ("vector(1) > 2", False),
        ("vector(1) > bool 2", True),
        ("vector(1) unless a", False),
        ("vector(scalar(a))", True),
        ("a * scalar(b)", False),
        ("max_over_time(vector(1)[5s:1s])", True),
    ],
)
def test_whether_there_is_always_a_result(expression, expected):
    assert always(read(expression)) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("vector(0)", 0),
        ("0 * a", 0),
        ("group(a)", 1),
        ("sum(vector(3))", None),
        ("a", None),
        ("a == 1", None),
        ("max(a == 1)", None),
        ("a == bool 1", None),
    ],
)
def test_values_that_are_written_and_not_measured(expression, expected):
    assert constant(read(expression)) == expected


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("a > 0", None),
        ("counter >= 0", True),
        ("counter < 0", False),
        ("counter > 0", None),
        ("0 <= counter", True),
        ("0 > counter", False),
        ("up <= 1", True),
        ("up > 1", False),
        ("up == 2", False),
        ("up != 2", True),
        ("up == 1", None),
        ("group(a) == 1", True),
        ("group(a) != 1", False),
        ("count(a) == bool 0", False),
        ("up > below", True),
        ("below >= up", False),
        ("a == NaN", False),
        ("a != NaN", True),
        ("a <= NaN", False),
        ("up + up", None),
    ],
)
def test_how_a_comparison_always_comes_out(comparison, expected):
    node = read(comparison)

    assert isinstance(node, Binary)
    assert comes_out(node, of_selector) is expected


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ValueRange(1, 1), "never anything but 1"),
        (ValueRange(0, INF), "never below 0"),
        (ValueRange(-INF, 2.5), "never above 2.5"),
        (ValueRange(0, 1), "always between 0 and 1"),
    ],
)
def test_bounds_in_words(found, words):
    assert found.text() == words
