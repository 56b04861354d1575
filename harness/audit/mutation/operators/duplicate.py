"""Everything is there twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.audit.mutation.operator import Mutant, Operator, spread, text_of
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column

LABEL = "duplicate"


class Duplicate(Operator):
    """From the step on, the target has the series a second time, under one label more.

    The very same label set twice is no scrape that succeeds.
    """

    name = "duplicate"
    summary = "the series is there a second time from the step on, with one label more"

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield the table with each series twice, then with all of them twice."""
        columns = subject.table.columns
        for index in spread(len(columns)):
            twice = [*columns, self._second(subject, columns[index])]
            yield self.mutant(text_of(columns[index]), subject.table.with_columns(twice))
        if len(columns) > 1:
            every = [*columns, *(self._second(subject, column) for column in columns)]
            yield self.mutant(f"all {len(columns)} series", subject.table.with_columns(every))

    def _second(self, subject: MutationSubject, column: Column) -> Column:
        later = set(subject.later(column.target))
        new = {time: value for time, value in column.samples.items() if time in later}
        return replace(column.relabelled(**{LABEL: "true"}), samples=new)


OPERATORS = [Duplicate]
