"""The series that `series` lists are such as are selected."""

from __future__ import annotations

from collections.abc import Iterator

from harness.base.words import meant
from harness.judge.matching import compiles, label_test
from harness.lint.chaos import values_of
from harness.lint.rules.rule import LintSubject, Stated
from harness.prometheus.expression import (
    Aggregation,
    Binary,
    Call,
    ExpressionNode,
    Negated,
    Range,
    Selector,
    StringLiteral,
)
from harness.prometheus.matcher import Matcher
from harness.recording.labels import TARGET_LABELS
from harness.scenario.problem import Wrong

_LIKE_ITS_ARGUMENT = ("topk", "bottomk")
_VALUE = "value"


def is_selected(subject: LintSubject) -> Iterator[Wrong]:
    """No listed label has a text that `where` excludes."""
    for stated, index, wanted in _listed(subject):
        for label, text in wanted.items():
            matcher = stated.spec.where.get(label)
            if matcher is None or label == _VALUE or not isinstance(text, str) or _open(text, matcher):
                continue
            if not label_test(matcher)(text):
                message = f"`where` leaves out every series with `{label}: {text}`"
                yield (*stated.at, "series", index, label), message, None


def is_complete(subject: LintSubject) -> Iterator[Wrong]:
    """A listed series has each label that every series of the metric has."""
    for stated, index, wanted in _listed(subject):
        metric = subject.metrics.find(stated.spec.metric)
        for label in metric.labels if metric else ():
            fixed = isinstance(stated.spec.where.get(label), str)
            if metric and label not in wanted and not fixed and values_of(metric, label):
                message = (
                    f"this is no whole series: each one of `{stated.spec.metric}` has a `{label}`; add it, "
                    "or fix it in `where`"
                )
                yield (*stated.at, "series", index), message, None


def is_kept(subject: LintSubject) -> Iterator[Wrong]:
    """A label that is listed for an expression is one that the expression leaves."""
    for stated, index, wanted in _listed(subject):
        labels = _labels_of(stated.expression, subject) if stated.expression else None
        for label in wanted:
            if labels is not None and label not in (*labels, _VALUE):
                there = ", ".join(sorted(labels)) or "none"
                message = f"what `{stated.spec.promql}` gives has no label `{label}`; it has: {there}"
                yield (*stated.at, "series", index, label), message, meant(label, labels)


def _listed(subject: LintSubject) -> Iterator[tuple[Stated, int, dict[str, object]]]:
    for stated in subject.expectations:
        if stated.spec.kind == "series" and isinstance(stated.spec.argument, list):
            for index, wanted in enumerate(stated.spec.argument):
                if isinstance(wanted, dict):
                    yield stated, index, wanted


def _open(text: str, matcher: str | Matcher) -> bool:
    """Say whether a template, or an expression that only RE2 knows, keeps from telling."""
    parts = (
        [text, matcher]
        if isinstance(matcher, str)
        else [text, matcher.not_, matcher.matches, matcher.not_matches]
    )
    pattern = None if isinstance(matcher, str) else matcher.matches or matcher.not_matches
    return any("${" in part for part in parts if part) or (pattern is not None and not compiles(pattern))


def _labels_of(node: ExpressionNode, subject: LintSubject) -> set[str] | None:  # noqa: PLR0911  (one for each type of node)
    """Return all labels that the series of a result can have; None when that is not known."""
    match node:
        case Selector():
            metric = subject.metrics.find(node.metric)
            known = metric is not None and metric.labels_known
            return {*metric.labels_of(node.metric), *TARGET_LABELS} if metric and known else None
        case Negated() | Range():
            return _labels_of(node.inner, subject)
        case Aggregation():
            return _of_aggregation(node, subject)
        case Call():
            return _of_call(node, subject)
        case Binary():
            if node.operator in ("and", "unless") or node.right.result == "scalar":
                return _labels_of(node.left, subject)
            if node.left.result == "scalar":
                return _labels_of(node.right, subject)
    return None


def _of_aggregation(node: Aggregation, subject: LintSubject) -> set[str] | None:
    inner = _labels_of(node.inner, subject)
    if node.operator in _LIKE_ITS_ARGUMENT:
        return inner
    made = {node.parameter.value} if isinstance(node.parameter, StringLiteral) else set()
    if not node.without:
        return {*node.by, *made}
    return None if inner is None else (inner - set(node.by)) | made


def _of_call(node: Call, subject: LintSubject) -> set[str] | None:
    inner = next((each for each in node.arguments if each.result in ("vector", "matrix")), None)
    labels = _labels_of(inner, subject) if inner else None
    match node:
        case Call(function="label_replace" | "label_join", arguments=(_, StringLiteral(value=made), *_)):
            return None if labels is None else labels | {made}
        case Call(function="histogram_quantile"):
            return None if labels is None else labels - {"le"}
    return labels


RULES = [is_selected, is_complete, is_kept]
