"""`increases_by` is of something that counts: a gauge that falls would be taken for a restart."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.rules.rule import LintSubject, Stated
from harness.prometheus.expression import Aggregation, ExpressionNode, Selector
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Wrong

_KIND = "increases_by"


def is_of_counters(subject: LintSubject) -> Iterator[Wrong]:
    """A metric of which `increases_by` is expected grows by its nature, if not by its type."""
    for stated, at in _increases(subject):
        name = stated.spec.metric
        metric = subject.metrics.find(name)
        if metric is not None and metric.counts(name) is False:
            message = (
                f"`{name}` is a gauge, of which a fall counts as a restart; expect its value, or that it is "
                "`unchanged`"
            )
            yield at, message, None


def is_of_one_bucket(subject: LintSubject) -> Iterator[Wrong]:
    """Buckets are cumulative, so that all of them together count each observation several times."""
    for stated, _ in _increases(subject):
        name = stated.spec.metric
        metric = subject.metrics.find(name)
        if metric is not None and "le" in metric.labels_of(name) and "le" not in stated.spec.where:
            message = f"`{name}` counts each observation in several buckets; name one with `le` in `where`"
            yield stated.place, message, metric.name + "_count"


def is_not_hidden(subject: LintSubject) -> Iterator[Wrong]:
    """The increase of an expression knows no restarts; that of a metric does, and adds up its series."""
    for stated, _ in _increases(subject):
        if (name := _counter(stated.expression, subject)) and stated.expression is not None:
            message = (
                f"`{stated.expression.text}` falls when a counter restarts, which nobody can tell from a "
                f"wrong value; use `metric: {name}` with `where`: it adds up the counters, restarts included"
            )
            yield stated.place, message, None


def _increases(subject: LintSubject) -> Iterator[tuple[Stated, DocumentPath]]:
    for stated in subject.expectations:
        for side in stated.sides():
            if side.kind == _KIND:
                yield stated, side.at


def _counter(node: ExpressionNode | None, subject: LintSubject) -> str | None:
    """Return the counter that an expression selects, or sums up whole."""
    if isinstance(node, Aggregation) and node.operator == "sum" and not node.by and not node.without:
        node = node.inner
    metric = subject.metrics.find(node.metric) if isinstance(node, Selector) else None
    return node.metric if isinstance(node, Selector) and metric and metric.counts(node.metric) else None


RULES = [is_of_counters, is_of_one_bucket, is_not_hidden]
