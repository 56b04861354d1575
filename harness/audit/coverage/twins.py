"""Which expectations tell a metric from its twins: what it could plausibly count instead.

An expectation that passed tells them apart when it fails with the values that the twin had there in place of
the metric's own. Those values are evidence of the same recording wherever that is possible: readings of an
oracle, series of another metric at the same scrapes, a relation. Otherwise the expectation states a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness.audit.coverage.transition import in_scope
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.chaosmesh.catalogue.metric import Metric
from harness.chaosmesh.catalogue.twin import Twin
from harness.judge.argument import OracleRef, Quantity, quantity
from harness.judge.finding import Verdict
from harness.recording.model import Point, Reading, Recording
from harness.recording.series import Series

_RISING = "increases_by"


class TwinOf(NamedTuple):
    """A twin of a metric.

    Attributes:
        metric: the metric's name in the catalogue.
        twin: the twin's name.
    """

    metric: str
    twin: str

    def __str__(self) -> str:
        """Return both names."""
        return f"{self.metric}: {self.twin}"


def twins_of(known: Catalogue) -> Iterator[tuple[TwinOf, Twin]]:
    """Yield all twins of the metrics whose transitions count."""
    for metric in known.metrics:
        if in_scope(metric):
            for twin in metric.twins:
                yield TwinOf(metric.name, twin.name), twin


def told_apart(recording: Recording, subject: MutationSubject, metric: Metric, twin: Twin) -> bool:
    """Say whether an expectation that passed would have failed, had the metric counted its twin.

    Args:
        recording: what was observed until the step ended.
        subject: the expectation.
        metric: what it is about.
        twin: of the metric.
    """
    if twin.suffix and subject.spec.metric != metric.name + twin.suffix:
        return False
    columns = _Evidence(recording, subject, metric, twin).columns()
    if columns is None:
        return False
    return subject.judge(subject.table.with_columns(columns)) is Verdict.FAIL


@dataclass(frozen=True)
class _Evidence:
    recording: Recording
    subject: MutationSubject
    metric: Metric
    twin: Twin

    def columns(self) -> list[Column] | None:
        """Return the series as the twin would have them; None where its values are not known."""
        columns = self.subject.table.columns
        stated = self.subject.spec.unlike.get(self.twin.name)
        if stated is not None:
            return self._as_stated(columns, quantity(stated))
        if self.twin.relation is not None:
            return [self._of_relation(column, self.twin.relation.of) for column in columns]
        if self.twin.metric is not None:
            return self._changed(columns, self._of_metric)
        if self.twin.oracle is None or self.twin.oracle == self.metric.oracle:
            return None
        by_key = self.recording.readings.items()
        found = [each for (name, _), of_key in by_key if name == self.twin.oracle for each in of_key]
        return self._of_readings(columns, sorted(found, key=lambda each: each.ended), complete=False)

    def _as_stated(self, columns: Iterable[Column], stated: Quantity) -> list[Column] | None:
        if isinstance(stated, float):
            return [self._at(column, stated) for column in columns]
        if not isinstance(stated, OracleRef):
            return None
        readings = self.recording.readings.get((stated.name, stated.key), [])
        return self._of_readings(columns, readings, complete=True)

    @property
    def _rising(self) -> bool:
        return self.subject.claim.kind == _RISING

    def _changed(
        self, columns: Iterable[Column], change: Callable[[Column], Column | None]
    ) -> list[Column] | None:
        """Return the series, changed where that can be; None when none can."""
        made = [(column, change(column)) for column in columns]
        if all(other is None for _, other in made):
            return None
        return [other or column for column, other in made]

    def _of_relation(self, column: Column, of: Callable[[float], float]) -> Column:
        base = self._base(column) if self._rising else 0.0
        return self._with(column, lambda time: base + of(column.samples[time] - base))

    def _at(self, column: Column, value: float) -> Column:
        base = self._base(column) if self._rising else 0.0
        return self._with(column, lambda _: base + value)

    def _of_metric(self, column: Column) -> Column | None:
        watched = [
            each
            for each in self.recording.by_name.get(self.twin.metric or "", [])
            if each.target == column.target
        ]
        others = [
            each
            for each in watched
            if all(each.own_labels.get(name) == value for name, value in self.twin.where.items())
            and _agree(each.own_labels, column.labels, self.metric.labels)
        ]
        # What was never fetched says nothing; of what was, no series is none that grew.
        if not watched or (not others and not self._rising):
            return None
        before = self.subject.base.get(column.target, 0.0)
        lacks = _at_time(others, before) if self._rising else 0.0
        base = self._base(column) if self._rising else 0.0
        return self._with(column, lambda time: base + _at_time(others, time) - lacks)

    def _of_readings(
        self, columns: Iterable[Column], readings: list[Reading], *, complete: bool
    ) -> list[Column] | None:
        """Return the series with what an oracle said of the twin last.

        Args:
            columns: the series.
            readings: in the order of their ends.
            complete: what the oracle did not name, the twin has no series of.
        """
        settled = self.recording.mark(self.subject.expected.step, "settled")
        begun = self.recording.mark(self.subject.expected.step, "started")
        if settled is None or begun is None:
            return None
        after = [each for each in readings if each.vector is not None and each.began >= settled.time]
        before = [each for each in readings if each.vector is not None and each.ended <= begun.time]
        if not after:
            return None

        def change(column: Column) -> Column | None:
            now = self._said(after, column)
            if now is None:
                return replace(column, samples=self._kept(column)) if complete and not self._rising else None
            if not self._rising:
                return self._at(column, now)
            was = self._said(before, column)
            return None if was is None else self._at(column, now - was)

        return self._changed(columns, change)

    def _said(self, readings: list[Reading], column: Column) -> float | None:
        """Return what was said last of a series; None when nothing was."""
        for reading in reversed(readings):
            points = [each for each in reading.vector or [] if self._about(each, column)]
            if points:
                return sum(each.value for each in points)
        return None

    def _about(self, point: Point, column: Column) -> bool:
        return _agree(point.labels, column.labels, self.metric.labels)

    def _base(self, column: Column) -> float:
        before = self.subject.base.get(column.target)
        return column.samples.get(before, 0.0) if before is not None else 0.0

    def _later(self, column: Column) -> list[float]:
        return [time for time in self.subject.later(column.target) if time in column.samples]

    def _kept(self, column: Column) -> Mapping[float, float]:
        gone = set(self._later(column))
        return {time: value for time, value in column.samples.items() if time not in gone}

    def _with(self, column: Column, value: Callable[[float], float]) -> Column:
        new = {time: value(time) for time in self._later(column)}
        return replace(column, samples={**column.samples, **new})


def _agree(some: Mapping[str, str], others: Mapping[str, str], labels: Iterable[str]) -> bool:
    """Say whether two label sets have the same values of those labels of a metric that both have."""
    return all(some[name] == others[name] for name in labels if name in some and name in others)


def _at_time(series: Iterable[Series], time: float) -> float:
    """Return what series have together at a time: each its newest sample until then, 0 before the first."""
    return sum(value for each in series for _, value in each.latest(time, 1))
