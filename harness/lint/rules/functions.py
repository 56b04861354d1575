"""Functions fit the metrics that they are given: rates are of counters, quantiles of buckets."""

from __future__ import annotations

from collections.abc import Iterator

from harness.chaosmesh.catalogue import Metric
from harness.lint.rules.rule import LintSubject
from harness.prometheus.expression import Aggregation, Binary, Call, ExpressionNode, Range, Selector
from harness.scenario.problem import Wrong

_OF_COUNTERS = {"rate": "deriv", "irate": "idelta", "increase": "delta", "resets": "changes"}
"""What takes a counter, and what does something like it with a gauge."""

_OF_GAUGES = {"delta": "increase", "idelta": "irate", "deriv": "rate", "predict_linear": "rate"}
_MIXING = ("sum", "avg", "max", "min")
_ADDING = ("sum", "avg")


def fit_the_type(subject: LintSubject) -> Iterator[Wrong]:
    """`rate()` and its like take a falling gauge for a counter's restart; `delta()` a restart for a fall."""
    for stated in subject.expectations:
        for node in stated.nodes():
            if not isinstance(node, Call):
                continue
            for name, metric in _ranged(node, subject):
                if node.function in _OF_COUNTERS and metric.counts(name) is False:
                    message = f"`{node.function}()` is for counters, and `{name}` is a gauge"
                    yield stated.place, message, _OF_COUNTERS[node.function]
                elif node.function in _OF_GAUGES and metric.is_counter(name):
                    message = (
                        f"`{node.function}()` is for gauges, and `{name}` is a counter, which can restart"
                    )
                    yield stated.place, message, _OF_GAUGES[node.function]


def rate_before_sum(subject: LintSubject) -> Iterator[Wrong]:
    """A sum of counters hides the restart of one: it falls, and to `rate()` that is a restart of all."""
    for stated in subject.expectations:
        for node in stated.nodes():
            if not (isinstance(node, Call) and node.function in _OF_COUNTERS):
                continue
            for inner in node.walk():
                if isinstance(inner, Aggregation) and inner.operator in _MIXING:
                    message = (
                        f"`{node.function}()` of `{inner.text}` does not see which counter restarted; take "
                        f"`{node.function}()` of each counter first"
                    )
                    yield stated.place, message, None


def buckets_have_bounds(subject: LintSubject) -> Iterator[Wrong]:
    """Buckets are cumulative: each is compared by its `le`, and a sum over them counts everything again."""
    for stated in subject.expectations:
        for node in stated.nodes():
            if isinstance(node, Call) and node.function == "histogram_quantile":
                for name in _without_bounds(node, subject):
                    message = f"`histogram_quantile()` needs buckets, and `{name}` has none: no `le`"
                    yield stated.place, message, _bucket_of(name, subject)
            if isinstance(node, Aggregation) and _drops_bounds(node):
                for selector in _buckets(node.inner, subject):
                    message = (
                        f"`{node.text}` drops `le`, and the buckets of `{selector.metric}` are cumulative: "
                        "keep it (`by (le)`), or take one bucket or `_count`"
                    )
                    yield stated.place, message, None


def _ranged(node: Call, subject: LintSubject) -> Iterator[tuple[str, Metric]]:
    """Yield the name of each series that a function is given a range of, and its metric."""
    for argument in node.arguments:
        if isinstance(argument, Range) and isinstance(argument.inner, Selector):
            name = argument.inner.metric
            if metric := subject.metrics.find(name):
                yield name, metric


def _without_bounds(node: Call, subject: LintSubject) -> Iterator[str]:
    for inner in node.walk():
        if isinstance(inner, Selector):
            metric = subject.metrics.find(inner.metric)
            if metric and metric.labels_known and "le" not in metric.labels_of(inner.metric):
                yield inner.metric


def _bucket_of(name: str, subject: LintSubject) -> str | None:
    metric = subject.metrics.find(name)
    return next((each for each in metric.series_names if each.endswith("_bucket")), None) if metric else None


def _drops_bounds(node: Aggregation) -> bool:
    if node.operator not in _ADDING:
        return False
    return ("le" in node.by) if node.without else ("le" not in node.by)


def _buckets(node: ExpressionNode, subject: LintSubject) -> Iterator[Selector]:
    """Yield the selectors of several buckets whose `le` has come as far as this part."""
    match node:
        case Selector():
            metric = subject.metrics.find(node.metric)
            one = any(label == "le" and isinstance(wanted, str) for label, wanted in node.matchers)
            if metric and not one and "le" in metric.labels_of(node.metric):
                yield node
        case Call(function="histogram_quantile"):
            return
        case Aggregation() if _drops_bounds(node):
            return
        case Binary():
            yield from _buckets(node.left, subject)
            if node.operator not in ("and", "unless"):
                yield from _buckets(node.right, subject)
        case _:
            for child in node.children:
                yield from _buckets(child, subject)


RULES = [fit_the_type, rate_before_sum, buckets_have_bounds]
