"""The expectation allows a range, and the mutant is in it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from harness.audit.mutation.operator import Mutant
from harness.audit.mutation.rule import EquivalenceRule
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column
from harness.judge.argument import OracleRef, Quantity
from harness.judge.comparison import Comparison, agrees
from harness.judge.demand import SeriesDemand
from harness.judge.kind import kinds


class InsideRange(EquivalenceRule):
    """From before the deadline on, `at_least`, `at_most`, `between` or `within` allows every changed value.

    Never for a single value (`equals`). A bound that an oracle gives is what it said last.
    """

    name = "inside-range"
    reason = "the same series are there, and each changed value is in the range that the expectation allows"

    def applies(self, subject: MutationSubject, mutant: Mutant) -> bool:
        """Tell whether the same samples are there, and each that differs is in the range of its series."""
        demanded = _demanded(subject)
        if not demanded or mutant.table.scrapes != subject.table.scrapes:
            return False
        if mutant.table.down != subject.table.down:
            return False
        was = {_key(column.labels): column for column in subject.table.columns}
        if was.keys() != {_key(column.labels) for column in mutant.table.columns}:
            return False
        return all(
            _allowed(subject, was[_key(column.labels)], column, demanded) for column in mutant.table.columns
        )


def _demanded(subject: MutationSubject) -> tuple[SeriesDemand, ...]:
    """Return the series that are asked for, each with the ends of its range; none when that is not known."""
    kind, argument = kinds()[subject.claim.kind], subject.claim.argument
    if not kind.oracles(argument):
        return kind.demand(argument).series
    if not isinstance(kind, Comparison):
        return ()
    ends = [_said(subject, number) for number in kind.numbers(argument)]
    if any(end is None for end in ends):
        return ()
    low, high = kind.reach(argument)(*ends)
    return (SeriesDemand(low=low, high=high),)


def _said(subject: MutationSubject, number: Quantity) -> float | None:
    """Return a number, or the only one that an oracle said last; None of anything else."""
    if not isinstance(number, OracleRef):
        return number if isinstance(number, float) else None
    reading = subject.readings.get((number.name, number.key))
    points = (reading.vector or []) if reading else []
    return points[0].value if len(points) == 1 else None


def _allowed(subject: MutationSubject, was: Column, now: Column, demanded: tuple[SeriesDemand, ...]) -> bool:
    limit = max(subject.deadline, subject.held_since)
    if subject.leaves(now.target) <= limit:
        return True
    counted = subject.counted(now.target)
    ranges = [
        each for each in demanded if each.low < each.high and agrees(dict(each.labels), dict(now.labels))
    ]
    outside = [
        index
        for index, time in enumerate(counted)
        if not _same(now.samples.get(time), was.samples.get(time))
        and not any(_inside(each, was.samples.get(time), now.samples.get(time)) for each in ranges)
    ]
    # Until the deadline it may be outside, if it was not inside before: that would be wrong again.
    after = outside[-1] + 1 if outside else 0
    return after < len(counted) and counted[after] <= limit


def _inside(wanted: SeriesDemand, was: float | None, now: float | None) -> bool:
    return was is not None and now is not None and wanted.low <= now <= wanted.high


def _same(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and math.isnan(one) and math.isnan(other))


def _key(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


RULES = [InsideRange]
