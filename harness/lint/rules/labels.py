"""Expressions name metrics and labels that there are, and matchers can match."""

from __future__ import annotations

from collections.abc import Iterator

from harness.base.words import meant
from harness.chaosmesh.catalogue import Metric
from harness.judge.matching import compiles, label_test
from harness.lint.chaos import never_seen, unknown_metric, values_of, wrong_label
from harness.lint.rules.rule import LintSubject, Stated
from harness.lint.rules.template import stands_for_more
from harness.prometheus.expression import Aggregation, Binary, Call, ExpressionNode, Selector, StringLiteral
from harness.prometheus.matcher import Matcher
from harness.recording.labels import TARGET_LABELS
from harness.scenario.problem import Wrong


def known_metrics(subject: LintSubject) -> Iterator[Wrong]:
    """The metrics of an expression are in the catalogue, and written by something."""
    for stated in subject.expectations:
        for name in dict.fromkeys(selector.metric for selector in stated.selectors() if selector.metric):
            metric = subject.metrics.find(name)
            wrong = unknown_metric(subject.metrics, name)
            if wrong is None and metric is not None and stated.spec.known_issue is None:
                wrong = never_seen(metric, name, stated.spec.kind)
            if wrong:
                yield (stated.place, *wrong)


def known_labels(subject: LintSubject) -> Iterator[Wrong]:
    """The matchers of an expression name labels of the metric, and texts that these can have."""
    for stated in subject.expectations:
        for selector in stated.selectors():
            metric = subject.metrics.find(selector.metric)
            for label, wanted in selector.matchers if metric else ():
                value = None if isinstance(wanted, Matcher) or stands_for_more(wanted) else wanted
                if metric and (wrong := wrong_label(metric, selector.metric, label, value)):
                    yield (stated.place, *wrong)


def matchers_match(subject: LintSubject) -> Iterator[Wrong]:
    """A matcher that is no equality leaves some of the texts that a label can have."""
    for stated in subject.expectations:
        metric = subject.metrics.find(stated.spec.metric)
        for label, wanted in stated.spec.where.items():
            if metric and (told := _excludes_all(metric, stated.spec.metric, label, wanted)):
                yield ((*stated.at, "where", label), told, None)
        for selector in stated.selectors():
            metric = subject.metrics.find(selector.metric)
            for label, wanted in selector.matchers:
                if metric and (told := _excludes_all(metric, selector.metric, label, wanted)):
                    yield stated.place, told, None


def _excludes_all(metric: Metric, name: str, label: str, wanted: str | Matcher) -> str | None:
    values = values_of(metric, label)
    pattern = wanted.matches or wanted.not_matches if isinstance(wanted, Matcher) else None
    if not values or pattern is None or not compiles(pattern) or stands_for_more(pattern) or "${" in pattern:
        return None
    if any(map(label_test(wanted), values)):
        return None
    shown = f": {', '.join(values)}" if len(values) <= 6 else ""
    return f"`{pattern}` leaves none of the values that the label `{label}` of `{name}` can have{shown}"


def grouped_labels(subject: LintSubject) -> Iterator[Wrong]:
    """What an expression groups, joins or relabels by are labels of its metrics, or such that it made."""
    for stated in subject.expectations:
        labels = _labels_within(stated, subject)
        if labels is None:
            continue
        for node in stated.nodes():
            for label in dict.fromkeys(_named(node)):
                if label not in labels:
                    message = (
                        f"no metric in `{node.text}` has the label `{label}`; there is: {', '.join(labels)}"
                    )
                    yield stated.place, message, meant(label, labels)


def _labels_within(stated: Stated, subject: LintSubject) -> list[str] | None:
    """Return all labels that can be anywhere in an expression; None when that is not known."""
    labels: dict[str, None] = {}
    for node in stated.nodes():
        if isinstance(node, Selector):
            metric = subject.metrics.find(node.metric)
            if metric is None or not metric.labels_known:
                return None
            labels |= dict.fromkeys((*metric.labels_of(node.metric), *TARGET_LABELS))
        labels |= dict.fromkeys(_made(node))
    return list(labels)


def _made(node: ExpressionNode) -> list[str]:
    match node:
        case Call(function="label_replace" | "label_join", arguments=(_, StringLiteral(value=label), *_)):
            return [label]
        case Aggregation(operator="count_values", parameter=StringLiteral(value=label)):
            return [label]
    return []


def _named(node: ExpressionNode) -> tuple[str, ...]:
    match node:
        case Aggregation():
            return node.by
        case Binary():
            return (*(node.matching or ()), *node.included)
        case Call(function="label_replace", arguments=(_, _, _, StringLiteral(value=label), _)):
            return (label,)
        case Call(function="label_join", arguments=(_, _, _, *sources)):
            return tuple(source.value for source in sources if isinstance(source, StringLiteral))
    return ()


RULES = [known_metrics, known_labels, matchers_match, grouped_labels]
