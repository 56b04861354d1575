"""`present` asks for any series with any value."""

from __future__ import annotations

from harness.mutation.operator import Mutant
from harness.mutation.rule import Rule
from harness.mutation.subject import Subject


class AnySeries(Rule):
    """At least one selected series has a sample at every scrape that counts."""

    name = "any-series"
    reason = "`present` asks for no value and no number of series, and one is still there all the time"

    def applies(self, subject: Subject, mutant: Mutant) -> bool:
        """Tell whether a series is there as long as one was in the original."""
        if subject.claim.kind != "present":
            return False
        if mutant.table.scrapes != subject.table.scrapes or mutant.table.down != subject.table.down:
            return False
        for column in mutant.table.columns:
            counted = set(subject.counted(column.target))
            if counted and column.samples.keys() >= counted and subject.selects(dict(column.labels)):
                return True
        return False


RULES = [AnySeries]
