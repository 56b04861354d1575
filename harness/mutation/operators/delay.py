"""What happens is seen too late."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from harness.mutation.operator import Mutant, Operator
from harness.mutation.subject import Subject
from harness.mutation.table import Column


class Delay(Operator):
    """All samples since the baseline come some scrapes later.

    One scrape later is mostly in time; past the deadline it never is.
    """

    name = "delay"
    summary = "what is seen since the baseline is seen 1 scrape later, and later than the deadline"

    def mutants(self, subject: Subject) -> Iterator[Mutant]:
        """Yield the table with all series one scrape late, then past the deadline."""
        past = 1
        for target in {column.target for column in subject.table.columns}:
            later = subject.later(target)
            if later:
                past = max(past, math.ceil((subject.deadline - later[0]) / subject.interval) + 2)
        for scrapes in sorted({1, past}):
            late = (self._late(subject, column, scrapes) for column in subject.table.columns)
            detail = "1 scrape" if scrapes == 1 else f"{scrapes} scrapes, past the deadline"
            if subject.base and subject.table.columns:
                yield self.mutant(detail, subject.table.with_columns(late))

    def _late(self, subject: Subject, column: Column, scrapes: int) -> Column:
        base = subject.base.get(column.target)
        if base is None:
            return column
        times = [base, *subject.later(column.target)]
        samples = {time: value for time, value in column.samples.items() if time <= base}
        for index, time in enumerate(times[1:], start=1):
            shown = times[max(0, index - scrapes)]
            if shown in column.samples:
                samples[time] = column.samples[shown]
        return replace(column, samples=samples)


OPERATORS = [Delay]
