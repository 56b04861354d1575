"""Differences of metrics: added, removed, renamed, and of their shape. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.compare.change import Change, ChangeKind
from harness.audit.compare.likeness import pairs
from harness.audit.compare.side import ComparedRun, Facts
from harness.audit.contract.compare import OWN, same_bounds
from harness.chaosmesh.catalogue import Appears, Catalogue, MetricStatus


def changes(before: ComparedRun, after: ComparedRun, known: Catalogue) -> tuple[list[Change], list[str]]:
    """Return the differences, and what cannot be compared because one run may not have touched it."""
    gone, unsure = _missing(before, after, known)
    new, unsure_new = _missing(after, before, known)
    renamed = pairs([before.metrics[name] for name in gone], [after.metrics[name] for name in new])
    found: list[Change] = []
    for old, now, likeness in renamed:
        found.append(
            Change(
                kind=ChangeKind.RENAMED,
                metric=old.name,
                before=old.name,
                after=now.name,
                breaking=_matters(old.name, known),
                likeness=round(likeness, 2),
                why="a suggestion, by name, HELP, type and labels",
            )
        )
        found += _shape(old, now, known)
    taken = {old.name for old, _, _ in renamed} | {now.name for _, now, _ in renamed}
    found += [
        Change(
            kind=ChangeKind.REMOVED,
            metric=name,
            breaking=_matters(name, known),
            before=_described(before.metrics[name]),
        )
        for name in gone
        if name not in taken
    ]
    found += [
        Change(kind=ChangeKind.ADDED, metric=name, after=_described(after.metrics[name]))
        for name in new
        if name not in taken
    ]
    for name in sorted(before.metrics.keys() & after.metrics.keys()):
        found += _shape(before.metrics[name], after.metrics[name], known)
    told = [f"{name}: seen before only, and nothing shows that both runs touched it" for name in unsure]
    told += [f"{name}: seen after only, and it is no new one" for name in unsure_new]
    return found, told


def _missing(here: ComparedRun, there: ComparedRun, known: Catalogue) -> tuple[list[str], list[str]]:
    """Return the metrics of one run that the other does not have, and those of which that says nothing.

    A metric that appears when it is touched may be left from an earlier run on the same cluster. It counts
    as missing only where a scenario had series of it in one run, and ran in the other one too.
    """
    missing: list[str] = []
    unsure: list[str] = []
    for name in sorted(here.metrics.keys() - there.metrics.keys()):
        metric = known.find(name)
        certain = (
            metric is None
            or metric.prefix
            or metric.appears is Appears.ALWAYS
            or (metric.status is MetricStatus.NEVER_WRITTEN and not metric.labels)
            or bool(here.shown_by(name, known) & there.ran())
        )
        (missing if certain else unsure).append(name)
    return missing, unsure


def _shape(old: Facts, new: Facts, known: Catalogue) -> Iterator[Change]:
    name, matters = old.name, _matters(old.name, known)
    if None not in (old.type, new.type):
        if old.type != new.type:
            yield Change(
                kind=ChangeKind.TYPE,
                metric=name,
                before=str(old.type),
                after=str(new.type),
                breaking=matters,
                why="rate() of a gauge, or the level of a counter, means nothing",
            )
        if old.help != new.help:
            yield Change(kind=ChangeKind.HELP, metric=name, before=str(old.help), after=str(new.help))
    if (old.type is None) == (new.type is None):
        for label in sorted(old.labels - new.labels):
            yield Change(
                kind=ChangeKind.LABEL_REMOVED,
                metric=name,
                before=label,
                breaking=matters,
                why="selectors and `by` clauses with it find nothing",
            )
        for label in sorted(new.labels - old.labels):
            yield Change(
                kind=ChangeKind.LABEL_ADDED,
                metric=name,
                after=label,
                breaking=matters,
                why="one series becomes several, and joins on all labels find nothing",
            )
    if old.bounds and new.bounds and not same_bounds(old.bounds, new.bounds):
        lost = [bound for bound in old.bounds if not any(same_bounds([bound], [each]) for each in new.bounds)]
        yield Change(
            kind=ChangeKind.BUCKETS,
            metric=name,
            before=_bounds(old.bounds),
            after=_bounds(new.bounds),
            breaking=matters and bool(lost),
            why=f"selectors of le={_bounds(lost)} find nothing" if lost else "only new ones",
        )


def _matters(name: str, known: Catalogue) -> bool:
    """Say whether anybody builds on it: Chaos Mesh's own, and those of libraries that the catalogue names."""
    metric = known.find(name)
    return name.startswith(OWN) or (metric is not None and not metric.prefix)


def _described(facts: Facts) -> str:
    labels = f" by {', '.join(sorted(facts.labels))}" if facts.labels else ""
    return f"{facts.type or 'metric'}{labels}"


def _bounds(bounds: list[float]) -> str:
    return ", ".join(f"{bound:g}" for bound in bounds)
