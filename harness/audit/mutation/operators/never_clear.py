"""What should go stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.audit.mutation.operator import Mutant, Operator
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column


class NeverClear(Operator):
    """A series that was there in the baseline or since never goes: it keeps its last value."""

    name = "never-clear"
    summary = "a series that goes keeps its last value"

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield the table with what went."""

        def kept(column: Column) -> Column:
            samples = dict(column.samples)
            last = samples.get(subject.base.get(column.target, 0.0))
            for time in subject.later(column.target):
                last = samples.get(time, last)
                if last is not None:
                    samples[time] = last
            return replace(column, samples=samples)

        yield from self.each_and_all(subject, kept)


OPERATORS = [NeverClear]
