"""The series is not there any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.audit.mutation.operator import Mutant, Operator
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column


class Drop(Operator):
    """No sample since the step began."""

    name = "drop"
    summary = "the series has no sample from the step on"

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield the table without the later samples."""

        def bare(column: Column) -> Column:
            later = set(subject.later(column.target))
            return replace(
                column, samples={time: value for time, value in column.samples.items() if time not in later}
            )

        yield from self.each_and_all(subject, bare)


OPERATORS = [Drop]
