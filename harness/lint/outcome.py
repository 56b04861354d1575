"""What can be said about the result of an expression without evaluating it.

Only what is certain is said: an expectation that is refused for it could not fail, or not hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from harness.prometheus.expression import (
    Aggregation,
    Binary,
    Call,
    ExpressionNode,
    Negated,
    Number,
    Range,
    Selector,
)


class ValueRange(NamedTuple):
    """The least and the greatest value that an element can have, both included; NaN is left aside."""

    low: float = -math.inf
    high: float = math.inf

    def text(self) -> str:
        """Return them for a sentence that begins with "is": "never below 1"."""
        low, high = (f"{end:g}" for end in self)
        if self.low == self.high:
            return f"never anything but {low}"
        if self.high == math.inf:
            return f"never below {low}"
        if self.low == -math.inf:
            return f"never above {high}"
        return f"always between {low} and {high}"


ANY = ValueRange()
_POSITIVE = ValueRange(0.0, math.inf)

OfSelector = Callable[[Selector], ValueRange]

_FUNCTIONS = {
    "abs": _POSITIVE,
    "absent": ValueRange(1, 1),
    "absent_over_time": ValueRange(1, 1),
    "changes": _POSITIVE,
    "count_over_time": ValueRange(1, math.inf),
    "day_of_month": ValueRange(1, 31),
    "day_of_week": ValueRange(0, 6),
    "day_of_year": ValueRange(1, 366),
    "days_in_month": ValueRange(28, 31),
    "exp": _POSITIVE,
    "hour": ValueRange(0, 23),
    "increase": _POSITIVE,
    "irate": _POSITIVE,
    "minute": ValueRange(0, 59),
    "month": ValueRange(1, 12),
    "present_over_time": ValueRange(1, 1),
    "rate": _POSITIVE,
    "resets": _POSITIVE,
    "sqrt": _POSITIVE,
    "stddev_over_time": _POSITIVE,
    "stdvar_over_time": _POSITIVE,
    "time": _POSITIVE,
    "timestamp": _POSITIVE,
}
_WHOLE: dict[str, Callable[[float], float]] = {
    "ceil": math.ceil,
    "floor": math.floor,
    # A half goes up, and not to the even number.
    "round": lambda value: math.floor(value + 0.5),
}
_KEEP_BOUNDS = {
    "avg_over_time",
    "first_over_time",
    "label_join",
    "label_replace",
    "last_over_time",
    "max_over_time",
    "min_over_time",
    "sort",
    "sort_desc",
    "vector",
}

_AGGREGATIONS = {
    "count": ValueRange(1, math.inf),
    "count_values": ValueRange(1, math.inf),
    "group": ValueRange(1, 1),
    "stddev": _POSITIVE,
    "stdvar": _POSITIVE,
}
_AGGREGATIONS_THAT_KEEP_BOUNDS = {"avg", "bottomk", "limitk", "limit_ratio", "max", "min", "topk"}


def bounds(  # noqa: PLR0911  (one for each type of node)
    node: ExpressionNode, of_selector: OfSelector = lambda _: ANY
) -> ValueRange:
    """Return between which values each element of a result is.

    Args:
        node: an expression.
        of_selector: what is known of the values of a metric.
    """
    match node:
        case Number():
            return ANY if math.isnan(node.value) else ValueRange(node.value, node.value)
        case Selector():
            return of_selector(node)
        case Range():
            return bounds(node.inner, of_selector)
        case Negated():
            inner = bounds(node.inner, of_selector)
            return ValueRange(-inner.high, -inner.low)
        case Call():
            return _of_call(node, of_selector)
        case Aggregation():
            return _of_aggregation(node, of_selector)
        case Binary():
            return _of_binary(node, of_selector)
    return ANY


def always(  # noqa: PLR0911  (one for each type of node)
    node: ExpressionNode,
) -> bool:
    """Say whether an expression has a result whatever is there: one that says nothing by being there."""
    match node:
        case Number():
            return True
        case Range():
            return always(node.inner)
        case Negated() | Aggregation():
            return always(node.inner)
        case Call():
            # Without a vector these give one of the evaluation time or of a number: minute(), vector(1).
            vectors = [each for each in node.arguments if each.result in ("vector", "matrix")]
            return node.function not in ("absent", "absent_over_time") and all(map(always, vectors))
        case Binary():
            if node.operator == "or":
                return _covers(node)
            return (
                not node.is_filter and node.operator != "unless" and always(node.left) and always(node.right)
            )
    return False


def constant(node: ExpressionNode) -> float | None:
    """Return the value that all elements of a result have because it is written so: `0 * up`, `vector(0)`.

    None for any other expression; what a comparison has selected counts as measured.
    """
    if any(isinstance(each, Binary) and each.is_filter for each in node.walk()):
        return None
    low, high = bounds(node)
    return low if low == high else None


def comes_out(  # noqa: PLR0911  (one for each operator)
    node: Binary, of_selector: OfSelector = lambda _: ANY
) -> bool | None:
    """Say how a comparison always comes out: True, False, or None when it depends on the values."""
    left, right = bounds(node.left, of_selector), bounds(node.right, of_selector)
    if any(isinstance(side, Number) and math.isnan(side.value) for side in node.children):
        return node.operator == "!="
    match node.operator:
        case "==" | "!=":
            same = left.low == left.high == right.low == right.high
            apart = left.high < right.low or right.high < left.low
            outcome = True if same else False if apart else None
            return outcome if outcome is None or node.operator == "==" else not outcome
        case ">":
            return _greater(left, right)
        case "<":
            return _greater(right, left)
        case ">=":
            less = _greater(right, left)
            return None if less is None else not less
        case "<=":
            more = _greater(left, right)
            return None if more is None else not more
    return None


def _greater(left: ValueRange, right: ValueRange) -> bool | None:
    if left.low > right.high:
        return True
    return False if left.high <= right.low else None


def _covers(node: Binary) -> bool:
    """Say whether one side of an `or` is there whenever the other is not."""
    sides = _alternatives(node)
    if any(map(always, sides)):
        return True
    missing = [side for side in sides if isinstance(side, Call) and side.function == "absent"]
    return any(side.arguments[0] in sides for side in missing)


def _alternatives(node: ExpressionNode) -> list[ExpressionNode]:
    if isinstance(node, Binary) and node.operator == "or":
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


def _of_call(node: Call, of_selector: OfSelector) -> ValueRange:  # noqa: PLR0911  (one for each function)
    if node.function in _FUNCTIONS:
        return _FUNCTIONS[node.function]
    inner = bounds(node.arguments[0], of_selector) if node.arguments else ANY
    if node.function in _KEEP_BOUNDS:
        return inner
    numbers = [each.value for each in node.arguments[1:] if isinstance(each, Number)]
    match node.function, numbers:
        case "sum_over_time", _:
            return _summed(inner)
        case "sgn", _:
            return ValueRange(*(math.copysign(bool(end), end) for end in inner))
        case "ceil" | "floor" | "round", []:
            return ValueRange(*(end if math.isinf(end) else _WHOLE[node.function](end) for end in inner))
        case "clamp_min", [low]:
            return ValueRange(max(inner.low, low), max(inner.high, low))
        case "clamp_max", [high]:
            return ValueRange(min(inner.low, high), min(inner.high, high))
        case "clamp", [low, high] if low <= high:
            return ValueRange(min(max(inner.low, low), high), max(min(inner.high, high), low))
    return ANY


def _of_aggregation(node: Aggregation, of_selector: OfSelector) -> ValueRange:
    if node.operator in _AGGREGATIONS:
        return _AGGREGATIONS[node.operator]
    inner = bounds(node.inner, of_selector)
    if node.operator == "sum":
        return _summed(inner)
    return inner if node.operator in _AGGREGATIONS_THAT_KEEP_BOUNDS else ANY


def _summed(inner: ValueRange) -> ValueRange:
    """Return the bounds of the sum of one element or more."""
    return ValueRange(inner.low if inner.low >= 0 else -math.inf, inner.high if inner.high <= 0 else math.inf)


def _of_binary(node: Binary, of_selector: OfSelector) -> ValueRange:  # noqa: PLR0911  (one for each operator)
    left, right = bounds(node.left, of_selector), bounds(node.right, of_selector)
    if node.filled:
        return ANY
    if node.returns_bool:
        return ValueRange(0, 1)
    if node.is_filter:
        return _filtered(node, left, right)
    match node.operator:
        case "+":
            return _ends(left.low + right.low, left.high + right.high)
        case "-":
            return _ends(left.low - right.high, left.high - right.low)
        case "*":
            return _product(left, right)
        case "/" if right.low == right.high and right.low not in (0.0, math.inf, -math.inf):
            return _product(left, ValueRange(1 / right.low, 1 / right.low))
        case "^" if right == (0.0, 0.0):
            return ValueRange(1.0, 1.0)
        case "%" if right.low == right.high and right.low not in (0.0, math.inf, -math.inf):
            most = abs(right.low)
            return ValueRange(0.0 if left.low >= 0 else -most, 0.0 if left.high <= 0 else most)
        case "or":
            return ValueRange(min(left.low, right.low), max(left.high, right.high))
        case "and" | "unless":
            return left
    return ANY


def _filtered(node: Binary, left: ValueRange, right: ValueRange) -> ValueRange:
    """Return the bounds of what a comparison leaves: elements of the left side, unless that is a number."""
    kept, other, operator = left, right, node.operator
    if node.left.result == "scalar":
        kept, other = right, left
        operator = operator.translate(str.maketrans("<>", "><"))
    low, high = kept
    if operator in ("==", ">", ">="):
        low = max(low, other.low)
    if operator in ("==", "<", "<="):
        high = min(high, other.high)
    return ValueRange(low, high) if low <= high else kept


def _product(left: ValueRange, right: ValueRange) -> ValueRange:
    if (0.0, 0.0) in (left, right):
        return ValueRange(0.0, 0.0)
    ends = [one * other for one in left for other in right]
    return _ends(min(ends), max(ends)) if not any(map(math.isnan, ends)) else ANY


def _ends(low: float, high: float) -> ValueRange:
    return ANY if math.isnan(low) or math.isnan(high) else ValueRange(low, high)
