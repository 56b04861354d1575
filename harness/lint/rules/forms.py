"""What kind of expression an expectation can be about: one that parses, gives series, and looks at now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from harness.base.words import meant
from harness.judge.matching import compiles, label_test
from harness.lint.rules.rule import LintSubject
from harness.lint.rules.template import stands_for_more
from harness.prometheus.expression import Aggregation, Binary, Call, ExpressionNode, Range, Selector
from harness.prometheus.matcher import Matcher
from harness.scenario.problem import Wrong

FUNCTIONS = (
    "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "avg_over_time",
    "ceil", "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh", "count_over_time", "day_of_month",
    "day_of_week", "day_of_year", "days_in_month", "deg", "delta", "deriv", "exp", "floor", "histogram_avg",
    "histogram_count", "histogram_fraction", "histogram_quantile", "histogram_stddev", "histogram_stdvar",
    "histogram_sum", "hour", "idelta", "increase", "irate", "label_join", "label_replace",
    "last_over_time", "ln", "log10", "log2", "max_over_time", "min_over_time", "minute", "month", "pi",
    "predict_linear", "present_over_time", "quantile_over_time", "rad", "rate", "resets", "round", "scalar",
    "sgn", "sin", "sinh", "sort", "sort_desc", "sqrt", "stddev_over_time", "stdvar_over_time",
    "sum_over_time", "tan", "tanh", "time", "timestamp", "vector", "year", "avg", "bottomk", "count",
    "count_values", "group", "max", "min", "quantile", "stddev", "stdvar", "sum", "topk",
)  # fmt: skip
"""For suggestions: promql_parser knows more, and tells of none."""

_EXPERIMENTAL_OPERATORS = ("limitk", "limit_ratio")
_UNKNOWN_FUNCTION = re.compile(r"unknown function with name '(.+)'")

_NO_SERIES = {
    "scalar": "gives a scalar, which has no series (and `scalar()` of nothing is NaN); wrap it in `vector()`",
    "string": "gives a string, which has no value",
    "matrix": "gives a range vector, which has no single value; apply a function such as `rate()` to it",
}


def parses(subject: LintSubject) -> Iterator[Wrong]:
    """An expression is PromQL."""
    for stated in subject.expectations:
        if stated.refused is not None:
            unknown = _UNKNOWN_FUNCTION.search(stated.refused)
            suggestion = meant(unknown[1], FUNCTIONS) if unknown else None
            yield stated.place, f"not a PromQL expression: {stated.refused}", suggestion


def gives_series(subject: LintSubject) -> Iterator[Wrong]:
    """An expression gives an instant vector, of metrics that it names."""
    for stated in subject.expectations:
        if stated.expression is None:
            continue
        if why := _NO_SERIES.get(stated.expression.result):
            yield stated.place, f"`{stated.expression.text}` {why}", None
        selectors = list(stated.selectors())
        if not selectors:
            message = f"`{stated.expression.text}` is about no metric, so there is no scrape that decides it"
            yield stated.place, message, None
        for selector in selectors:
            if not selector.metric:
                message = f"`{selector.text}` names no metric, so nobody knows which scrapes decide it"
                yield stated.place, message, None


def is_enabled(subject: LintSubject) -> Iterator[Wrong]:
    """An expression uses no part of PromQL that Prometheus has to be asked for by a flag."""
    for stated in subject.expectations:
        for node in stated.nodes():
            what = None
            match node:
                case Call(experimental=True):
                    what = f"the function `{node.function}`"
                case Aggregation() if node.operator in _EXPERIMENTAL_OPERATORS:
                    what = f"the operator `{node.operator}`"
                case Binary(filled=True):
                    what = "the modifier `fill`"
            if what:
                yield stated.place, f"{what} is experimental, and not enabled in the stack's Prometheus", None


def looks_at_now(subject: LintSubject) -> Iterator[Wrong]:
    """An expression is not moved in time: an expectation counts what was scraped after its step settled."""
    for stated in subject.expectations:
        new = [node.right for node in stated.nodes() if isinstance(node, Binary) and _is_new(node)]
        for node in stated.nodes():
            if isinstance(node, Selector | Range) and node.moved.is_elsewhere and node not in new:
                message = (
                    f"`{node.text}` looks away from the step; an expectation counts only what was scraped "
                    "after the step settled; `increases_by` and `unchanged` compare with what was before"
                )
                yield stated.place, message, None


def _is_new(node: ExpressionNode) -> bool:
    """Say whether a part selects the series that were not there some time ago: `m unless m offset 4s`.

    That cannot be told without looking back; panels add it to what `increase()` sees.
    """
    match node:
        case Binary(operator="unless", left=Selector() as now, right=Selector() as before, matching=None):
            plain = replace(before, moved=now.moved)
            return not now.moved.is_elsewhere and before.moved.offset > 0 and plain == now
    return False


def can_select(subject: LintSubject) -> Iterator[Wrong]:
    """The matchers of a selector do not exclude each other."""
    for stated in subject.expectations:
        for selector in stated.selectors():
            for label in _contradictory(selector):
                message = f"`{selector.text}` selects nothing: its matchers for `{label}` exclude each other"
                yield stated.place, message, None


def _contradictory(selector: Selector) -> Iterator[str]:
    by_label: dict[str, list[str | Matcher]] = {}
    for label, wanted in selector.matchers:
        by_label.setdefault(label, []).append(wanted)
    for label, several in by_label.items():
        fixed = [wanted for wanted in several if isinstance(wanted, str) and not stands_for_more(wanted)]
        others = [wanted for wanted in several if not _open(wanted)]
        if any(not label_test(other)(value) for value in fixed for other in others):
            yield label


def _open(wanted: str | Matcher) -> bool:
    """Say whether a matcher is not known before a run, or not in Python's words."""
    if isinstance(wanted, str):
        return stands_for_more(wanted)
    pattern = wanted.matches if wanted.matches is not None else wanted.not_matches
    if pattern is None:
        return stands_for_more(wanted.not_ or "")
    return stands_for_more(pattern) or not compiles(pattern)


RULES = [parses, gives_series, is_enabled, looks_at_now, can_select]
