"""What a component's exposition shows of one metric, and what the catalogue declares of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.base.words import nearest
from harness.chaosmesh.catalogue import Catalogue, Metric, MetricStatus
from harness.judge.matching import Where, label_test
from harness.prometheus.exposition import Family
from harness.recording.declared import Declared
from harness.recording.model import Point

MOST_OTHERS = 20
"""Samples of the metric beside those that an expectation selects."""

MOST_NEAR = 3
"""Names that may be the metric's."""


@dataclass
class Shown:
    """What a target exposes of a metric.

    Attributes:
        kind, help: of its family; "" when it is not exposed.
        samples: that an expectation selects.
        others: of the metric's other samples, the nearest first.
        near: when it is not exposed, names that may be its own: with the same HELP, or written like it,
            and none that the catalogue knows.
    """

    kind: str = ""
    help: str = ""
    samples: list[Point] = field(default_factory=list)
    others: list[Point] = field(default_factory=list)
    near: list[str] = field(default_factory=list)


def shown(
    families: Sequence[Family], known: Catalogue, metric: str, where: Where, own: Mapping[str, str]
) -> Shown:
    """Return what an exposition shows of a metric.

    Args:
        families: the whole exposition.
        known: the catalogue.
        metric: the name of the series.
        where: which of them.
        own: the labels of the target.
    """
    found = Shown()
    others: list[tuple[int, Point]] = []
    tests = [(label, label_test(value)) for label, value in where.items()]
    for family in families:
        for sample in family.samples:
            if sample.name != metric:
                continue
            found.kind, found.help = family.type, family.help
            labels, point = {**own, **sample.labels}, Point(labels=sample.labels, value=sample.value)
            missed = sum(not test(labels.get(label, "")) for label, test in tests)
            if missed:
                others.append((missed, point))
            else:
                found.samples.append(point)
    found.others = [point for _, point in sorted(others, key=lambda each: each[0])[:MOST_OTHERS]]
    if not found.samples and not others:
        found.near = _near(families, known, metric)
    return found


def declared_of(metric: Metric | None, name: str) -> Declared:
    """Return what the catalogue says of a series, as a recording carries it.

    Args:
        metric: its entry; None without one.
        name: of the series: of a histogram with `_bucket`, `_sum` or `_count`.
    """
    if metric is None:
        return Declared(known=False)
    pinned = metric.labels_known and not metric.prefix
    return Declared(
        exposed=metric.exposed,
        type=str(metric.type),
        grows=metric.counts(name) is True,
        help=metric.help if pinned and not metric.help_of else "",
        labels=list(metric.labels_of(name)) if pinned else None,
        values={label: list(values) for label, values in metric.values.items()},
        examples={label: list(values) for label, values in metric.examples.items()},
        jobs=list(metric.components),
    )


def _near(families: Sequence[Family], known: Catalogue, metric: str) -> list[str]:
    entry = known.find(metric)
    unknown = {
        sample.name: family.help
        for family in families
        for sample in family.samples
        if not _is_live(known, sample.name)
    }
    wanted = entry.help if entry is not None else ""
    same_help = [name for name, text in unknown.items() if wanted and text == wanted]
    same_help.sort(key=lambda name: (not _same_part(name, metric), name))
    written = [name for name in nearest(metric, unknown) if name not in same_help]
    return [*same_help, *written][:MOST_NEAR]


def _same_part(one: str, other: str) -> bool:
    """Tell whether two names are of the same part of a histogram: both `_count`, or both none of them."""
    parts = ("_bucket", "_sum", "_count")
    return [one.endswith(part) for part in parts] == [other.endswith(part) for part in parts]


def _is_live(known: Catalogue, name: str) -> bool:
    metric = known.find(name)
    return metric is not None and not metric.prefix and metric.status is MetricStatus.LIVE
