"""What a mutation operator is, how the operators are found, and what several of them share."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column, Table
from harness.judge.argument import labels_text
from harness.judge.finding import Verdict
from harness.recording.labels import without_target

MOST_ALONE = 12
"""Of so many series, spread evenly, each is changed alone; then all together."""


@dataclass(frozen=True)
class Mutant:
    """Samples that were made wrong on purpose.

    Attributes:
        operator: its name.
        detail: what was changed, for a person.
        table: the samples.
        label: the label whose value was changed, if one was.
    """

    operator: str
    detail: str
    table: Table
    label: str | None = None


class Operator(ABC):
    """A way in which samples can be wrong. What it changes comes after the baseline of the step.

    Attributes:
        name: what results and waivers call it.
        summary: one line for the documentation.
        killed_as: the verdict on a mutant that is found out. Any other one, but for the original's, would be
            no verdict on what the operator did.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    killed_as: ClassVar[Verdict] = Verdict.FAIL

    @abstractmethod
    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield what it makes of an expectation's samples."""

    def mutant(self, detail: str, table: Table, label: str | None = None) -> Mutant:
        """Return a mutant of this operator."""
        return Mutant(self.name, detail, table, label)

    def each_and_all(self, subject: MutationSubject, change: Callable[[Column], Column]) -> Iterator[Mutant]:
        """Yield the table with each series changed alone, then with all of them changed."""
        columns = subject.table.columns
        for index in spread(len(columns)):
            changed = [*columns[:index], change(columns[index]), *columns[index + 1 :]]
            yield self.mutant(text_of(columns[index]), subject.table.with_columns(changed))
        if len(columns) > 1:
            every = subject.table.with_columns(change(column) for column in columns)
            yield self.mutant(f"all {len(columns)} series", every)


class OfValue(Operator):
    """An operator that makes another value of each."""

    @abstractmethod
    def value(self, value: float) -> float:
        """Return what is shown in place of a value."""

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield the table with other values."""
        yield from self.each_and_all(subject, lambda column: later_values(subject, column, self.value))


@cache
def operators() -> dict[str, Operator]:
    """Return all operators by name: those of each module of `harness.audit.mutation.operators`."""
    import harness.audit.mutation.operators as package  # noqa: PLC0415  (its modules import this file)

    found: dict[str, Operator] = {}
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for operator in getattr(loaded, "OPERATORS", []):
            found[operator.name] = operator()
    return found


def later_values(subject: MutationSubject, column: Column, value: Callable[[float], float]) -> Column:
    """Return a series with other values after the baseline."""
    later = set(subject.later(column.target))
    changed = {time: value(was) if time in later else was for time, was in column.samples.items()}
    return replace(column, samples=changed)


def spread(count: int, most: int = MOST_ALONE) -> Sequence[int]:
    """Return at most so many indexes of `count` things, first and last among them, spread evenly."""
    if count <= most:
        return range(count)
    return sorted({round(index * (count - 1) / (most - 1)) for index in range(most)})


def text_of(column: Column) -> str:
    """Return the labels that the product gave a series."""
    return labels_text(without_target(column.labels))
