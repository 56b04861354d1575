"""The samples that one expectation looks at, as a table that operators change."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from harness.recording.model import Labels, labels_of
from harness.recording.series import TargetKey


@dataclass(frozen=True)
class Column:
    """One series.

    Attributes:
        labels: with those of the target, without `__name__`.
        target: what it was scraped from.
        samples: time to value; a time that the target was scraped at and that is missing here means absent.
    """

    labels: Mapping[str, str]
    target: TargetKey
    samples: Mapping[float, float]

    def relabelled(self, **labels: str) -> Column:
        """Return the same samples with other labels."""
        return replace(self, labels={**self.labels, **labels})

    def same(self, other: Column) -> bool:
        """Tell whether both are the same series with the same samples, NaN being NaN."""
        if self.target != other.target or self.labels != other.labels:
            return False
        mine, others = self.samples, other.samples
        if mine == others:
            return True
        return mine.keys() == others.keys() and all(
            value == others[time] or (math.isnan(value) and math.isnan(others[time]))
            for time, value in mine.items()
        )


@dataclass(frozen=True)
class Table:
    """The selected series of an expectation; never changed, only replaced.

    Attributes:
        columns: the series.
        scrapes: the times at which each target was scraped, ascending.
        down: (target, time) of the scrapes that failed.
    """

    columns: tuple[Column, ...]
    scrapes: Mapping[TargetKey, tuple[float, ...]]
    down: frozenset[tuple[TargetKey, float]] = field(default_factory=frozenset)

    def with_columns(self, columns: Iterable[Column]) -> Table:
        """Return the table with other series."""
        return replace(self, columns=tuple(columns))

    def same(self, other: Table) -> bool:
        """Tell whether nobody could tell them apart: a series without samples is none, NaN is NaN."""
        if self.scrapes != other.scrapes or self.down != other.down:
            return False
        # Mostly one series is another one, and the others are the very same.
        mine, others = _besides(self.columns, other.columns), _besides(other.columns, self.columns)
        if len(mine) != len(others):
            return False
        if all(one.same(two) for one, two in zip(mine, others, strict=True)):
            return True
        return _content(mine) == _content(others)

    def differences(self, other: Table) -> set[tuple[TargetKey, float]]:
        """Return the scrapes at which the series of both are not the same."""
        mine, others = self._by_scrape(), other._by_scrape()
        return {at for at in mine.keys() | others.keys() if mine.get(at) != others.get(at)}

    def _by_scrape(self) -> dict[tuple[TargetKey, float], dict[Labels, str]]:
        found: dict[tuple[TargetKey, float], dict[Labels, str]] = {}
        for column in self.columns:
            key = labels_of(dict(column.labels))
            for time, value in column.samples.items():
                found.setdefault((column.target, time), {})[key] = _text(value)
        return found


def _besides(columns: Iterable[Column], others: Iterable[Column]) -> list[Column]:
    """Return the series with samples that are not among others as the very same objects, as often."""
    there = Counter(map(id, others))
    left = []
    for column in columns:
        if there[id(column)]:
            there[id(column)] -= 1
        elif column.samples:
            left.append(column)
    return left


def _content(columns: Iterable[Column]) -> list[tuple[Labels, TargetKey, list[tuple[float, str]]]]:
    return sorted(
        (
            labels_of(dict(each.labels)),
            each.target,
            [(time, _text(each.samples[time])) for time in sorted(each.samples)],
        )
        for each in columns
    )


def _text(value: float) -> str:
    # 0.0 and -0.0 are the same to the judge.
    return "NaN" if math.isnan(value) else repr(float(value) + 0.0)
