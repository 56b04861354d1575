"""The metric stays what it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.mutation.operator import Mutant, Operator
from harness.mutation.subject import Subject
from harness.mutation.table import Column


class Freeze(Operator):
    """The value of the baseline, for ever; a series that was not there then never comes.

    Without a baseline there is nothing to freeze at.
    """

    name = "freeze"
    summary = "the series stays as it was in the baseline; one that was not there never comes"

    def mutants(self, subject: Subject) -> Iterator[Mutant]:
        """Yield the table with the values of the baseline."""
        if not subject.base:
            return

        def frozen(column: Column) -> Column:
            base = subject.base.get(column.target)
            if base is None:
                return column
            later = set(subject.later(column.target))
            samples = {time: value for time, value in column.samples.items() if time not in later}
            if base in column.samples:
                samples |= dict.fromkeys(sorted(later), column.samples[base])
            return replace(column, samples=samples)

        yield from self.each_and_all(subject, frozen)


OPERATORS = [Freeze]
