"""The counters grew by the same."""

from __future__ import annotations

import math

from harness.audit.mutation.operator import Mutant
from harness.audit.mutation.rule import EquivalenceRule
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column, Table


class SameIncrease(EquivalenceRule):
    """`increases_by` claims the sum of the increases by the deadline, not the values, nor that series stay.

    A value below the one before it is a restart, after which a counter counts from 0. Of an expression,
    nobody can tell that: its elements are compared with the baseline alone, as the judge does.
    """

    name = "same-increase"
    reason = "the counters together grew by the same; more is not claimed"

    def applies(self, subject: MutationSubject, mutant: Mutant) -> bool:
        """Tell whether nothing but counters is looked at, and their sum is the same."""
        if subject.claim.kind != "increases_by":
            return False
        if mutant.table.scrapes != subject.table.scrapes or mutant.table.down != subject.table.down:
            return False
        for until in (subject.deadline, math.inf):
            grown = _grown(subject, mutant.table, until)
            if grown is None or grown != _grown(subject, subject.table, until):
                return False
        return True


def _grown(subject: MutationSubject, table: Table, until: float) -> float | None:
    """Return the sum of the increases until a time; None when a value is below 0, as no counter's is."""
    if any(value < 0 for column in table.columns for value in column.samples.values()):
        return None
    selected = (column for column in table.columns if subject.selects(dict(column.labels)))
    return math.fsum(_increase(subject, column, until) for column in selected)


def _increase(subject: MutationSubject, column: Column, until: float) -> float:
    base = subject.base.get(column.target)
    last = column.samples.get(base, 0.0) if base is not None else 0.0
    grown = 0.0
    for time in subject.later(column.target):
        if time > until:
            break
        if subject.spec.promql is not None:
            grown = column.samples.get(time, last) - last
            continue
        value = column.samples.get(time, last)
        grown += value - last if value >= last else value
        last = value
    return grown


RULES = [SameIncrease]
