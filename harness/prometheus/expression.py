"""Reads PromQL expressions: their parts as values, what they select, and the type of their result.

promql_parser's own tree copies everything below a node whenever the node is looked at, and tells mypy
nothing; so it is read once, into the values of this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import promql_parser

from harness.prometheus.matcher import Matcher
from harness.prometheus.promql import PromQLError, one_of, parse, refused

ResultType = Literal["vector", "scalar", "matrix", "string"]

NAME = "__name__"

_TYPES: dict[str, ResultType] = {
    "Vector": "vector",
    "Scalar": "scalar",
    "Matrix": "matrix",
    "String": "string",
}
_SET_OPERATORS = ("and", "or", "unless")
_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")


@dataclass(frozen=True)
class ExpressionNode:
    """A part of an expression.

    Attributes:
        text: the part as PromQL, on one line; two parts are equal whatever their text.
    """

    text: str = field(compare=False)

    @property
    def children(self) -> tuple[ExpressionNode, ...]:
        """The parts that it is made of."""
        return ()

    @property
    def result(self) -> ResultType:
        """The type of its value."""
        return "vector"

    def walk(self) -> Iterator[ExpressionNode]:
        """Yield this part and all within it, from left to right, the outer ones first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Number(ExpressionNode):
    """A number."""

    value: float

    @property
    def result(self) -> ResultType:
        """See Node."""
        return "scalar"


@dataclass(frozen=True)
class StringLiteral(ExpressionNode):
    """A string."""

    value: str

    @property
    def result(self) -> ResultType:
        """See Node."""
        return "string"


@dataclass(frozen=True)
class Moved:
    """How far from the evaluation time something is looked at.

    Attributes:
        offset: seconds before it; negative for what comes after.
        at: the `@` modifier, as written; "" without one.
    """

    offset: float = 0.0
    at: str = ""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is another time at all."""
        return self.offset != 0 or self.at != ""


@dataclass(frozen=True)
class Selector(ExpressionNode):
    """An instant-vector selector.

    Attributes:
        metric: the metric's name; "" when the matchers do not fix it.
        matchers: label and what it has to be, the name left out; a label may come several times.
        moved: see Moved.
    """

    metric: str
    matchers: tuple[tuple[str, str | Matcher], ...]
    moved: Moved

    @property
    def where(self) -> dict[str, str | Matcher]:
        """The matchers as a mapping; of several for one label, what one matcher can say of them."""
        grouped: dict[str, list[str | Matcher]] = {}
        for label, wanted in self.matchers:
            grouped.setdefault(label, []).append(wanted)
        return {label: _narrowest(several) for label, several in grouped.items()}


@dataclass(frozen=True)
class Range(ExpressionNode):
    """A range selector or, with a step, a subquery.

    Attributes:
        inner: what is looked at over the range.
        seconds: how long the range is.
        subquery: whether `inner` is evaluated again and again.
        step: seconds between these evaluations; None for Prometheus' default.
        moved: see Moved; that of a range selector is its inner selector's.
    """

    inner: ExpressionNode
    seconds: float
    subquery: bool
    step: float | None
    moved: Moved

    @property
    def children(self) -> tuple[ExpressionNode, ...]:
        """See Node."""
        return (self.inner,)

    @property
    def result(self) -> ResultType:
        """See Node."""
        return "matrix"


@dataclass(frozen=True)
class Call(ExpressionNode):
    """A call of a function.

    Attributes:
        function: its name.
        arguments: as written; optional ones may be missing.
        returns: the type of its result.
        experimental: Prometheus knows it only when a feature is enabled.
    """

    function: str
    arguments: tuple[ExpressionNode, ...]
    returns: ResultType
    experimental: bool

    @property
    def children(self) -> tuple[ExpressionNode, ...]:
        """See Node."""
        return self.arguments

    @property
    def result(self) -> ResultType:
        """See Node."""
        return self.returns


@dataclass(frozen=True)
class Aggregation(ExpressionNode):
    """`sum by (x) (...)` and its like.

    Attributes:
        operator: sum, count, topk, ...
        inner: what is aggregated.
        parameter: the number or label that some operators take first.
        by: labels that are kept, or with `without` those that are dropped; none for neither.
        without: see `by`.
    """

    operator: str
    inner: ExpressionNode
    parameter: ExpressionNode | None
    by: tuple[str, ...]
    without: bool

    @property
    def children(self) -> tuple[ExpressionNode, ...]:
        """See Node."""
        return (self.inner,) if self.parameter is None else (self.parameter, self.inner)


@dataclass(frozen=True)
class Binary(ExpressionNode):
    """Two operands and what joins them.

    Attributes:
        operator: +, ==, or, ...
        left, right: the operands.
        returns_bool: a comparison with `bool`: 0 and 1 in place of a selection.
        matching: labels of `on` or `ignoring`; None without either.
        ignoring: see `matching`.
        included: labels of `group_left` or `group_right`.
        filled: with `fill`, one side that is missing has a value.
    """

    operator: str
    left: ExpressionNode
    right: ExpressionNode
    returns_bool: bool
    matching: tuple[str, ...] | None
    ignoring: bool
    included: tuple[str, ...]
    filled: bool

    @property
    def children(self) -> tuple[ExpressionNode, ...]:
        """See Node."""
        return (self.left, self.right)

    @property
    def result(self) -> ResultType:
        """See Node."""
        return "scalar" if self.left.result == self.right.result == "scalar" else "vector"

    @property
    def is_set(self) -> bool:
        """Whether it is `and`, `or` or `unless`."""
        return self.operator in _SET_OPERATORS

    @property
    def is_filter(self) -> bool:
        """Whether it selects the elements for which a comparison is true."""
        return self.operator in _COMPARISONS and not self.returns_bool


@dataclass(frozen=True)
class Negated(ExpressionNode):
    """A minus in front of something."""

    inner: ExpressionNode

    @property
    def children(self) -> tuple[ExpressionNode, ...]:
        """See Node."""
        return (self.inner,)

    @property
    def result(self) -> ResultType:
        """See Node."""
        return self.inner.result


def read(expression: str) -> ExpressionNode:
    """Return an expression; brackets leave no trace.

    Raises:
        PromQLError: it is none.
    """
    raw = parse(expression)
    try:
        return _node(raw)
    except (ValueError, OverflowError) as error:
        # A duration of more years than Python knows.
        raise PromQLError(refused(expression), details=[str(error)]) from error


def selectors(expression: str) -> list[tuple[str, dict[str, str | Matcher]]]:
    """Return the metric and the matchers of each selector in an expression, from left to right.

    The metric is "" where no name is fixed by equality. Of several matchers for one label the mapping
    holds one that selects no less than they do together.

    Raises:
        PromQLError: it is no expression.
    """
    return [(each.metric, each.where) for each in read(expression).walk() if isinstance(each, Selector)]


def result_type(expression: str) -> ResultType:
    """Return the type of an expression's value, in the words of Prometheus' API.

    Raises:
        PromQLError: it is no expression.
    """
    return read(expression).result


def reach(node: ExpressionNode) -> float:
    """Return how many seconds before its evaluation time an expression looks back by its ranges.

    That an instant selector takes the newest sample within the lookback is not counted.
    """
    inner = max((reach(child) for child in node.children), default=0.0)
    match node:
        case Range():
            return node.seconds + max(0.0, node.moved.offset) + inner
        case Selector():
            return max(0.0, node.moved.offset)
    return inner


def _node(  # noqa: PLR0911  (one for each type of node)
    raw: Any,
) -> ExpressionNode:
    text = " ".join(raw.prettify().split())
    match raw:
        case promql_parser.ParenExpr():
            return _node(raw.expr)
        case promql_parser.NumberLiteral():
            return Number(text, raw.val)
        case promql_parser.StringLiteral():
            return StringLiteral(text, raw.val)
        case promql_parser.VectorSelector():
            return _selector(raw, text)
        case promql_parser.MatrixSelector():
            inner = _selector(raw.vector_selector, " ".join(raw.vector_selector.prettify().split()))
            return Range(text, inner, _seconds(raw.range), False, None, Moved())
        case promql_parser.SubqueryExpr():
            step = None if raw.step is None else _seconds(raw.step)
            return Range(text, _node(raw.expr), _seconds(raw.range), True, step, _moved(raw))
        case promql_parser.Call():
            arguments = tuple(_node(each) for each in raw.args)
            function = raw.func
            returns = _TYPES[str(function.return_type).rpartition(".")[2]]
            return Call(text, function.name, arguments, returns, function.experimental)
        case promql_parser.AggregateExpr():
            parameter = None if raw.param is None else _node(raw.param)
            labels = () if raw.modifier is None else tuple(raw.modifier.labels)
            without = raw.modifier is not None and str(raw.modifier.type).endswith("Without")
            return Aggregation(text, str(raw.op), _node(raw.expr), parameter, labels, without)
        case promql_parser.BinaryExpr():
            return _binary(raw, text)
        case promql_parser.UnaryExpr():
            return Negated(text, _node(raw.expr))
    raise PromQLError(f"not understood: {text}", details=[type(raw).__name__])


def _binary(raw: Any, text: str) -> Binary:
    modifier = raw.modifier
    matching = None if modifier is None or modifier.matching is None else modifier.matching
    fill = None if modifier is None else modifier.fill_values
    return Binary(
        text,
        operator=str(raw.op),
        left=_node(raw.lhs),
        right=_node(raw.rhs),
        returns_bool=modifier is not None and modifier.return_bool,
        matching=None if matching is None else tuple(matching.labels),
        ignoring=matching is not None and str(matching.type).endswith("Exclude"),
        included=() if modifier is None else tuple(modifier.group_labels or ()),
        filled=fill is not None and (fill.lhs is not None or fill.rhs is not None),
    )


def _selector(raw: Any, text: str) -> Selector:
    if raw.matchers.or_matchers:
        raise PromQLError(f"not PromQL: {text}", details=["Prometheus knows no `or` between matchers"])
    name = raw.name or ""
    matchers: list[tuple[str, str | Matcher]] = []
    for matcher in raw.matchers.matchers:
        wanted = _wanted(matcher)
        if matcher.name == NAME and isinstance(wanted, str):
            name = wanted
        else:
            matchers.append((matcher.name, wanted))
    return Selector(text, name, tuple(matchers), _moved(raw))


def _wanted(matcher: Any) -> str | Matcher:
    value = str(matcher.value)
    match str(matcher.op).rpartition(".")[2]:
        case "Equal":
            return value
        case "NotEqual":
            return Matcher.model_validate({"not": value})
        case "Re":
            return Matcher(matches=value)
    return Matcher(not_matches=value)


def _moved(raw: Any) -> Moved:
    return Moved(_seconds(raw.offset), "" if raw.at is None else str(raw.at))


def _seconds(duration: timedelta | None) -> float:
    return 0.0 if duration is None else duration.total_seconds()


def _narrowest(several: list[str | Matcher]) -> str | Matcher:
    equal = [wanted for wanted in several if isinstance(wanted, str)]
    if equal or len(several) == 1:
        return (equal or several)[0]
    unwanted = [wanted.not_ for wanted in several if isinstance(wanted, Matcher) and wanted.not_ is not None]
    return Matcher(not_matches=one_of(unwanted)) if len(unwanted) == len(several) else several[0]
