"""The samples that one expectation looks at, as a table that operators change."""

from __future__ import annotations

import math
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
        return (
            self.scrapes == other.scrapes
            and self.down == other.down
            and _content(self.columns) == _content(other.columns)
        )

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


def _content(columns: Iterable[Column]) -> list[tuple[Labels, TargetKey, list[tuple[float, str]]]]:
    return sorted(
        (
            labels_of(dict(each.labels)),
            each.target,
            [(time, _text(each.samples[time])) for time in sorted(each.samples)],
        )
        for each in columns
        if each.samples
    )


def _text(value: float) -> str:
    # 0.0 and -0.0 are the same to the judge.
    return "NaN" if math.isnan(value) else repr(float(value) + 0.0)
