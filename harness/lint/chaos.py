"""Checks the metrics, labels and kinds that a scenario names against what Chaos Mesh has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.base.words import meant
from harness.chaosmesh.catalogue import Catalogue, Metric, MetricStatus
from harness.chaosmesh.catalogue.own import catalogue_of
from harness.kubernetes.kinds import ELSEWHERE_KIND, FURTHER_KINDS, MAKERS
from harness.recording.labels import TARGET_LABELS
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Expectation
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem, Wrong

_EXPERIMENTS = "chaos_controller_manager_chaos_experiments"
_HOLDS_WITHOUT_CHANGE = ("absent", "unchanged", "equals")
_TEMPLATE = "${"

Told = tuple[str, str | None]
"""What is wrong, and what was probably meant."""


def check_against_catalogue(file: ScenarioFile, known: Catalogue | None = None) -> list[Problem]:
    """Return the metrics, labels, label values and kinds of a scenario that Chaos Mesh does not have.

    A metric that nothing writes is a problem only where the expectation can come true by nothing
    else than a value of it, and not where that is a known issue.

    Args:
        file: the scenario.
        known: the catalogue to check against; by default ours with the metrics that the user declares.
    """
    metrics = known or catalogue_of(file.path)
    found = [*_kinds(file, metrics)]
    for index, step in enumerate(file.scenario.steps):
        for position, expectation in enumerate(step.expect):
            at = ("steps", index, "expect", position)
            found += list(_expectation(expectation, at, metrics))
    return [file.problem(at, message, suggestion) for at, message, suggestion in found]


def _kinds(file: ScenarioFile, metrics: Catalogue) -> Iterator[Wrong]:
    experiments = metrics.find(_EXPERIMENTS)
    kinds = {*MAKERS, *FURTHER_KINDS, *(experiments.values["kind"] if experiments else ())}
    for name, chaos in file.scenario.chaos.items():
        if chaos.kind == ELSEWHERE_KIND:
            message = (
                f"no scenario applies a {ELSEWHERE_KIND}: it belongs to no namespace, and what it is for is "
                "another cluster, in which nothing is the scenario's own"
            )
            yield ("chaos", name, "kind"), message, None
        elif chaos.kind not in kinds:
            message = f"Chaos Mesh has no kind `{chaos.kind}`"
            yield ("chaos", name, "kind"), message, meant(chaos.kind, kinds)


def _expectation(expectation: Expectation, at: DocumentPath, metrics: Catalogue) -> Iterator[Wrong]:
    name = expectation.metric
    if not name:
        return
    metric = metrics.find(name)
    if wrong := unknown_metric(metrics, name):
        yield ((*at, "metric"), *wrong)
        return
    assert metric is not None
    if metric.rule:
        message = f"`{name}` is written by a recording rule, and no scrape has it; judge it as an expression"
        yield (*at, "metric"), message, f"promql: {name}"
    if expectation.known_issue is None and (wrong := never_seen(metric, name, expectation.kind)):
        yield ((*at, "metric"), *wrong)
    for label, value in expectation.where.items():
        if wrong := wrong_label(metric, name, label, value):
            yield ((*at, "where", label), *wrong)
    for twin in expectation.unlike:
        if metric.twin(twin) is None:
            names = [each.name for each in metric.twins]
            message = f"`{name}` has no twin `{twin}`; it has: {', '.join(names) or 'none'}"
            yield ((*at, "unlike", twin), message, meant(twin, names))
    if expectation.kind == "series" and isinstance(expectation.argument, list):
        for index, wanted in enumerate(expectation.argument):
            yield from _wanted_series(metric, name, wanted, (*at, "series", index))


def unknown_metric(metrics: Catalogue, name: str) -> Told | None:
    """Return what is wrong with the name of a metric that has no such series."""
    metric = metrics.find(name)
    if metric is None:
        suggestions = metrics.suggest(name)
        others = f"; also near: {', '.join(suggestions[1:])}" if len(suggestions) > 1 else ""
        return f"the catalogue has no metric `{name}`{others}", next(iter(suggestions), None)
    if not metric.prefix and name not in metric.series_names:
        message = f"`{name}` is a {metric.type}; its series are {', '.join(metric.series_names)}"
        return message, f"{name}_count"
    return None


def never_seen(metric: Metric, name: str, kind: str) -> Told | None:
    """Return why an expectation of that kind cannot come true for a series that nothing writes."""
    why = {
        MetricStatus.NEVER_WRITTEN: "is never written by Chaos Mesh",
        MetricStatus.PROMISED_ABSENT: "was promised and is not exposed by any version",
        MetricStatus.RENAMED: f"was renamed after {metric.until}",
    }.get(metric.status)
    if why is None or kind in _HOLDS_WITHOUT_CHANGE:
        return None
    message = f"`{name}` {why}, so `{kind}` cannot come true"
    if metric.status is not MetricStatus.RENAMED:
        message += "; expect `absent`, or name the known issue"
    renamed = next(iter(metric.renamed_to), None)
    return message, renamed and renamed + name.removeprefix(metric.name)


def wrong_label(metric: Metric, name: str, label: str, value: Any) -> Told | None:
    """Return what is wrong with a label of a series, or with the text that it should have."""
    labels = (*metric.labels_of(name), *TARGET_LABELS)
    if label not in labels:
        if metric.labels_known:
            return f"`{name}` has no label `{label}`; it has: {', '.join(labels)}", meant(label, labels)
        return None
    values = values_of(metric, label)
    if values and isinstance(value, str) and _TEMPLATE not in value and value not in values:
        shown = f"; it has: {', '.join(values)}" if len(values) <= 6 else ""
        return f"the label `{label}` of `{name}` is never `{value}`{shown}", meant(value, values)
    return None


def values_of(metric: Metric, label: str) -> tuple[str, ...]:
    """Return all values that a label of a metric can have; none when the set is open."""
    return metric.components if label == "job" else metric.values.get(label, ())


def _wanted_series(metric: Metric, name: str, wanted: Any, at: DocumentPath) -> Iterator[Wrong]:
    """Check the labels of one series of a `series` expectation; `value` is its value."""
    if isinstance(wanted, dict):
        for label, value in wanted.items():
            if label != "value" and (wrong := wrong_label(metric, name, str(label), value)):
                yield ((*at, label), *wrong)
