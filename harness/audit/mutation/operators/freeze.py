"""The metric stays what it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.audit.mutation.operator import Mutant, Operator
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column


class Freeze(Operator):
    """The value of the baseline, for ever; a series that was not there then never comes.

    Without a baseline there is nothing to freeze at.
    """

    name = "freeze"
    summary = "the series stays as it was in the baseline; one that was not there never comes"

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield the table with the values of the baseline."""
        if subject.base:
            yield from self.each_and_all(subject, lambda column: frozen(subject, column))


def frozen(subject: MutationSubject, column: Column) -> Column:
    """Return a series as if nothing had happened to it since its target's baseline."""
    base = subject.base.get(column.target)
    if base is None:
        return column
    later = subject.later(column.target)
    samples = dict(column.samples)
    for time in later:
        samples.pop(time, None)
        if base in column.samples:
            samples[time] = column.samples[base]
    return replace(column, samples=samples)


OPERATORS = [Freeze]
