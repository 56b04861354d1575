"""What happens is seen too late."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from harness.audit.mutation.operator import Mutant, Operator
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column


class DelaySamples(Operator):
    """All samples since the baseline come some scrapes later.

    One scrape later is mostly in time; past the deadline it never is. Where it is known how soon a scrape has
    to show it, by so many, too, that what held in time is first seen at the first scrape that is late.
    """

    name = "delay"
    summary = "what is seen since the baseline is seen 1 scrape later, just past the deadline, and much later"

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield the table with all series late by each of the numbers of scrapes."""
        just, past = 1, 1
        for target in {column.target for column in subject.table.columns}:
            later = subject.later(target)
            if later:
                past = max(past, math.ceil((subject.deadline - later[0]) / subject.interval) + 2)
                just = max(just, self._just_past(later, subject))
        if not (subject.base and subject.table.columns):
            return
        details = {1: "1 scrape", past: f"{past} scrapes, past the deadline"}
        if subject.expected.promptness is not None:
            details.setdefault(just, f"{just} scrapes, just past the deadline")
        for scrapes in sorted(details):
            late = (self._late(subject, column, scrapes) for column in subject.table.columns)
            yield self.mutant(details[scrapes], subject.table.with_columns(late))

    @staticmethod
    def _just_past(later: list[float], subject: MutationSubject) -> int:
        """Return by how many scrapes what held first is seen at the first scrape after the deadline."""
        held = max(bisect_right(later, subject.held_since) - 1, 0)
        return max(bisect_right(later, subject.deadline) - held, 1)

    def _late(self, subject: MutationSubject, column: Column, scrapes: int) -> Column:
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


OPERATORS = [DelaySamples]
