"""What an expectation asks of a value can be so, and can be otherwise.

A count of nothing is nothing and not 0, `or vector(0)` makes nothing look like a value, a comparison that
selects leaves nothing where nothing was: such expressions pass when the metric is not there at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.judge.argument import ArgumentError
from harness.judge.demand import Demand, SeriesDemand
from harness.judge.kind import kinds
from harness.lint.outcome import ANY, OfSelector, ValueRange, always, bounds, comes_out, constant
from harness.lint.rules.rule import LintSubject, Stated
from harness.prometheus.expression import Aggregation, Binary, Call, ExpressionNode, Moved, Selector
from harness.scenario.problem import Wrong

_ARITHMETIC_WITH_ITSELF = ("-", "/", "%", "==", "!=", ">", "<", ">=", "<=")
_PRESENCE = ("present", "absent")


def can_be_empty(subject: LintSubject) -> Iterator[Wrong]:
    """Where there is nothing, an expression has no result."""
    for stated in subject.expectations:
        if stated.expression is None or not any(stated.selectors()):
            continue
        defaults = list(_defaults(stated.expression))
        for side, value in defaults:
            message = (
                f"`or {side.text}` makes what is not there look like the value {value:g}; leave it out: an "
                "expectation tells no series from every value"
            )
            yield stated.place, message, None
        if not defaults and always(stated.expression):
            kind = stated.spec.kind
            what = {"present": "cannot fail", "absent": "cannot hold"}.get(
                kind, "may be about nothing at all"
            )
            yield stated.place, f"`{stated.expression.text}` always has a result, so `{kind}` {what}", None


def nothing_is_no_value(subject: LintSubject) -> Iterator[Wrong]:
    """`absent()` is 1 for whatever is not there, a label that no series ever has included."""
    for stated in subject.expectations:
        for node in stated.nodes():
            if isinstance(node, Call) and node.function in ("absent", "absent_over_time"):
                inner = node.arguments[0].text
                kind = "present" if stated.spec.kind == "absent" else "absent"
                message = (
                    f"`{node.function}()` makes a value of what is not there; expect `{kind}: true` of "
                    f"`{inner}` itself: that looks at scrapes which succeeded"
                )
                yield stated.place, message, None


def comparisons_depend(subject: LintSubject) -> Iterator[Wrong]:
    """A comparison comes out one way or the other, and no expression is compared with itself."""
    certain = _certain(subject)
    for stated in subject.expectations:
        for node in stated.nodes():
            if not isinstance(node, Binary):
                continue
            if node.left == node.right and node.operator in (*_ARITHMETIC_WITH_ITSELF, "and", "or", "unless"):
                yield stated.place, f"`{node.text}`: both sides are the same", None
            elif (outcome := comes_out(node, certain)) is not None:
                selects = (
                    "" if node.returns_bool else f", and selects {'everything' if outcome else 'nothing'}"
                )
                yield stated.place, f"`{node.text}` is always {str(outcome).lower()}{selects}", None


def presence_says_something(subject: LintSubject) -> Iterator[Wrong]:
    """`present` and `absent` are about something that is there only if what is meant is so."""
    for stated in subject.expectations:
        kind = stated.spec.kind
        if stated.expression is None or kind not in _PRESENCE:
            continue
        if compared := _outermost_bool(stated.expression):
            message = (
                f"`{compared.text}` has a result, 0 or 1, whenever both sides are there: `{kind}` says "
                "nothing about the comparison; leave out `bool`, or expect `equals: 1`"
            )
            yield stated.place, message, None
        if kind == "absent" and (selecting := _selecting(stated.expression)):
            left, right = selecting.left, selecting.right
            subject_text = (right if left.result == "scalar" else left).text
            remedy = "expect the value itself, for example of `max(...)` with `at_most`"
            if selecting.operator == "unless":
                remedy = "expect each side by itself"
            message = (
                f"`{selecting.text}` is absent as well where `{subject_text}` has no series at all; {remedy}"
            )
            yield stated.place, message, None


def values_are_possible(subject: LintSubject) -> Iterator[Wrong]:
    """The value that is asked for is one that can be there, and not the only one."""
    for stated in subject.expectations:
        for place, name, raw, is_issue in stated.sides():
            try:
                demand = kinds()[name].demand(kinds()[name].parse(raw, templates=True))
            except (ArgumentError, KeyError):
                continue
            if impossible := _impossible(stated, demand, subject, is_issue):
                index, why = impossible
                yield (*place, index) if name == "series" else place, f"`{name}`: {why}", None
            elif name != "series" and (
                free := _filtered(stated, demand, is_issue) or _free(stated, demand, subject)
            ):
                yield place, f"`{name}`: {free}", None


def _impossible(
    stated: Stated, demand: Demand, subject: LintSubject, is_issue: bool
) -> tuple[int, str] | None:
    """Return which series cannot be as demanded, and why; what is wrong may be beyond what is claimed."""
    waived = is_issue or stated.spec.known_issue is not None
    found = _bounds(stated, subject, _certain(subject) if waived else _claimed(subject))
    for index, wanted in enumerate(demand.series):
        if wanted.high < found.low or wanted.low > found.high:
            return index, f"{_subject_text(stated)} is {found.text()}{_instead(found, wanted)}"
    return None


def _instead(found: ValueRange, wanted: SeriesDemand) -> str:
    if wanted.low <= 0 <= wanted.high and found.low > 0:
        return "; where there is nothing to count it has no series: expect `absent: true`"
    return ""


def _filtered(stated: Stated, demand: Demand, is_issue: bool) -> str | None:
    """Return why the value of what `== 1` has selected says nothing: a wrong one was left out before."""
    node = stated.expression
    if is_issue or not isinstance(node, Binary) or not node.is_filter or not _all_fit(bounds(node), demand):
        return None
    inner = node.right if node.left.result == "scalar" else node.left
    return f"the comparison in `{node.text}` leaves no other value; expect it of `{inner.text}`"


def _free(stated: Stated, demand: Demand, subject: LintSubject) -> str | None:
    """Return why every value that there can be is as demanded."""
    found = _bounds(stated, subject, _certain(subject))
    if not _all_fit(found, demand):
        return None
    return f"{_subject_text(stated)} is {found.text()}, so every value will do; use `present: true`"


def _all_fit(found: ValueRange, demand: Demand) -> bool:
    """Say whether every value within some bounds is as demanded; never of values that may be any."""
    if found == ANY or not demand.series:
        return False
    return all(wanted.low <= found.low and found.high <= wanted.high for wanted in demand.series)


def _bounds(stated: Stated, subject: LintSubject, of_selector: OfSelector) -> ValueRange:
    if stated.expression is not None:
        return bounds(stated.expression, of_selector)
    return of_selector(Selector(stated.spec.metric, stated.spec.metric, (), Moved()))


def _subject_text(stated: Stated) -> str:
    return f"`{stated.spec.metric if stated.expression is None else stated.expression.text}`"


def _certain(subject: LintSubject) -> OfSelector:
    """Return what is certain of a metric's values, whoever counts: no counter is below 0.

    `up` is Prometheus' own, and 0 or 1.
    """

    def of_selector(selector: Selector) -> ValueRange:
        if selector.metric == "up":
            return ValueRange(0.0, 1.0)
        metric = subject.metrics.find(selector.metric)
        return ValueRange(0.0, math.inf) if metric and metric.is_counter(selector.metric) else ANY

    return of_selector


def _claimed(subject: LintSubject) -> OfSelector:
    """Return what the catalogue says of a metric's values: right only while Chaos Mesh is."""
    certain = _certain(subject)

    def of_selector(selector: Selector) -> ValueRange:
        metric = subject.metrics.find(selector.metric)
        if metric is not None and metric.unit == "boolean":
            return ValueRange(0.0, 1.0)
        if metric is not None and metric.least is not None:
            return ValueRange(metric.least, math.inf)
        return certain(selector)

    return of_selector


def _defaults(node: ExpressionNode) -> Iterator[tuple[ExpressionNode, float]]:
    """Yield each side of an `or` that is a value because it is written so, with the value."""
    for inner in node.walk():
        if isinstance(inner, Binary) and inner.operator == "or":
            for side in inner.children:
                if not _absence(side) and (value := constant(side)) is not None:
                    yield side, value


def _absence(node: ExpressionNode) -> bool:
    """Say whether another rule is about it."""
    return any(isinstance(each, Call) and each.function.startswith("absent") for each in node.walk())


def _outermost_bool(node: ExpressionNode) -> Binary | None:
    match node:
        case Binary(returns_bool=True):
            return node
        case Aggregation():
            return _outermost_bool(node.inner)
    return None


def _selecting(node: ExpressionNode) -> Binary | None:
    """Return the part that decides by its values whether an expression has a result."""
    match node:
        case Binary() if node.is_filter or node.operator == "unless":
            return node
        case Binary():
            return _selecting(node.left) or _selecting(node.right)
        case Aggregation():
            return _selecting(node.inner)
        case Call() if node.returns == "vector":
            return next((found for each in node.arguments if (found := _selecting(each))), None)
    return None


RULES = [
    can_be_empty,
    nothing_is_no_value,
    comparisons_depend,
    presence_says_something,
    values_are_possible,
]
