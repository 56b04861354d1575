"""A label has another value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.audit.mutation.operator import Mutant, Operator, spread, text_of
from harness.audit.mutation.subject import MutationSubject
from harness.recording.labels import TARGET_LABELS

OTHER = "another"


class SwapLabel(Operator):
    """From the step on, the samples come under another value of one label.

    Those that Prometheus gives to a target (job, instance, node) stay as they are.
    """

    name = "swap-label"
    summary = "the series goes on with another value of one of its labels"

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield a table for each label of each series."""
        columns = subject.table.columns
        for index in spread(len(columns)):
            column = columns[index]
            later = set(subject.later(column.target))
            old = {time: value for time, value in column.samples.items() if time not in later}
            new = {time: value for time, value in column.samples.items() if time in later}
            for label in sorted(column.labels.keys() - set(TARGET_LABELS)):
                swapped = replace(column.relabelled(**{label: OTHER}), samples=new)
                changed = [*columns[:index], replace(column, samples=old), swapped, *columns[index + 1 :]]
                detail = f"{label} of {text_of(column)}"
                yield self.mutant(detail, subject.table.with_columns(changed), label)


OPERATORS = [SwapLabel]
