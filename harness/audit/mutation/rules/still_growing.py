"""The mutant shows only what was so before, of something that goes on growing."""

from __future__ import annotations

from harness.audit.mutation.operator import Mutant
from harness.audit.mutation.rule import EquivalenceRule
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column
from harness.recording.model import Labels, labels_of
from harness.recording.series import TargetKey


class StillGrowing(EquivalenceRule):
    """`at_least` of a counter that grows while it is looked at, by the oracle that is followed.

    How late a scrape is, is measured from when that oracle said what it says after the scrape. While that
    goes on changing, it said so only just now.
    """

    name = "still-growing"
    reason = "it shows what was so some scrapes before, and what is followed grew until then"

    def applies(self, subject: MutationSubject, mutant: Mutant) -> bool:
        """Tell whether each sample is one of the original's that was scraped before, or just then."""
        promptness = subject.expected.promptness
        if subject.claim.kind != "at_least" or promptness is None or not promptness.oracle:
            return False
        if mutant.table.scrapes != subject.table.scrapes or mutant.table.down != subject.table.down:
            return False
        was = {_key(column): column for column in subject.table.columns}
        if was.keys() != {_key(column) for column in mutant.table.columns}:
            return False
        return all(
            _grows(was[_key(column)], subject) and _is_older(column, was[_key(column)])
            for column in mutant.table.columns
        )


def _key(column: Column) -> tuple[TargetKey, Labels]:
    return column.target, labels_of(dict(column.labels))


def _grows(column: Column, subject: MutationSubject) -> bool:
    """Tell whether it grew after it was first seen to hold."""
    since = [value for time, value in sorted(column.samples.items()) if time >= subject.held_since]
    return since == sorted(since) and since[:1] != since[-1:]


def _is_older(column: Column, was: Column) -> bool:
    shown = was.samples.items()
    return max(was.samples) in column.samples and all(
        any(before <= time and value == old for before, old in shown)
        for time, value in column.samples.items()
    )


RULES = [StillGrowing]
