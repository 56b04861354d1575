# ruff: noqa: E501  (messages are asserted whole)
import pytest

from harness.lint.rules.forms import FUNCTIONS
from harness.prometheus.expression import read
from harness.prometheus.promql import PromQLError


@pytest.mark.parametrize(
    "promql",
    [
        "'up{job=\"chaos-daemon\"}'",
        "sum by (phase) (chaos_controller_manager_chaos_experiments)",
        "'up{node=\"${burn.node}\"} > ${n}'",
        "vector(scalar(up))",
        "up offset 0s",
        '\'up{job="a", job!="b"}\'',
        '\'up{job="${x}", job="b"}\'',
    ],
)
def test_what_an_expectation_can_be_about(promql, check):
    assert [
        told for told in check(f"promql: {promql}; equals: 3") if "gives" in told or "looks" in told
    ] == []


@pytest.mark.parametrize(
    ("promql", "expected"),
    [
        ("sum(up", "6:7: not a PromQL expression: unclosed left parenthesis"),
        (
            "rat(up[5s])",
            "6:7: not a PromQL expression: unknown function with name 'rat' (did you mean `rate`?)",
        ),
        (
            "rate(up)",
            "6:7: not a PromQL expression: expected type matrix in call to function 'rate', got vector",
        ),
        ("''", "6:7: not a PromQL expression: no expression found in input"),
        (
            "'((((((((((((((((((((((((((((((((((((((((((((((((((((((((('",
            "6:7: not a PromQL expression: unclosed left parenthesis",
        ),
        (f"'{'-' * 600}up'", "6:7: not a PromQL expression: has more than 500 tokens"),
        ('\'a{b="c" or b="d"}\'', "6:7: not a PromQL expression: Prometheus knows no `or` between matchers"),
        (
            "scalar(up)",
            "6:7: `scalar(up)` gives a scalar, which has no series (and `scalar()` of nothing is NaN); wrap it in `vector()`",
        ),
        (
            "up[5s]",
            "6:7: `up[5s]` gives a range vector, which has no single value; apply a function such as `rate()` to it",
        ),
        ("vector(1)", "6:7: `vector(1)` is about no metric, so there is no scrape that decides it"),
        (
            "'{job=\"chaos-daemon\"}'",
            '6:7: `{job="chaos-daemon"}` names no metric, so nobody knows which scrapes decide it',
        ),
        (
            "'{__name__=~\"up|down\"}'",
            '6:7: `{__name__=~"up|down"}` names no metric, so nobody knows which scrapes decide it',
        ),
        ("info(up)", "6:7: the function `info` is experimental, and not enabled in the stack's Prometheus"),
        (
            "limitk(1, up)",
            "6:7: the operator `limitk` is experimental, and not enabled in the stack's Prometheus",
        ),
        (
            "up + fill(0) up",
            "6:7: the modifier `fill` is experimental, and not enabled in the stack's Prometheus",
        ),
        (
            "up offset 5m",
            "6:7: `up offset 5m` looks away from the step; an expectation counts only what was scraped after the step"
            " settled; `increases_by` and `unchanged` compare with what was before",
        ),
        (
            '\'up{job="chaos-daemon", job=~"control.*"}\'',
            '6:7: `up{job="chaos-daemon",job=~"control.*"}` selects nothing: its matchers for `job` exclude each other',
        ),
        (
            '\'up{job="chaos-daemon", job!="chaos-daemon"}\'',
            '6:7: `up{job!="chaos-daemon",job="chaos-daemon"}` selects nothing: its matchers for `job` exclude each other',
        ),
    ],
)
def test_what_it_cannot_be_about(promql, expected, check):
    assert check(f"promql: {promql}; equals: 3")[0] == expected


def test_a_string_has_no_value(check):
    assert check("promql: \"'text'\"; equals: 3")[0].startswith(
        '6:7: `"text"` gives a string, which has no value'
    )


@pytest.mark.parametrize(
    "moved",
    [
        "up @ end()",
        "up @ 1600000000",
        "up offset -5s",
        "max_over_time(up[5s] offset 1m)",
        "max_over_time(up[5s:1s] @ start())",
    ],
)
def test_every_way_to_look_elsewhere_is_refused(moved, check):
    assert any("looks away from the step" in told for told in check(f"promql: {moved}; equals: 3"))


@pytest.mark.parametrize(
    ("expression", "refused"),
    [
        ("(up unless up offset 4s) or increase(up[4s])", False),
        ('(up unless up{job="a"} offset 4s) or increase(up[4s])', True),
        ("(up unless up offset -4s) or increase(up[4s])", True),
        ("(up unless on (job) up offset 4s) or increase(up[4s])", True),
        ("(up and up offset 4s) or increase(up[4s])", True),
    ],
)
def test_what_was_not_there_before_is_told_by_looking_before(expression, refused, check):
    found = check(f"promql: {expression}; equals: 3")
    assert any("looks away from the step" in told for told in found) is refused


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_for_suggestions_exist(function):
    try:
        read(f"{function}()")
    except PromQLError as error:
        assert "unknown function" not in str(error.details)
