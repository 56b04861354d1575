"""`present` asks for any series with any value."""

from __future__ import annotations

import math

from harness.audit.mutation.operator import Mutant
from harness.audit.mutation.rule import EquivalenceRule
from harness.audit.mutation.subject import MutationSubject


class AnySeries(EquivalenceRule):
    """At least one selected series has a sample at every scrape from one before the deadline on."""

    name = "any-series"
    reason = "`present` asks for no value and no number of series, and one is there in time and stays"

    def applies(self, subject: MutationSubject, mutant: Mutant) -> bool:
        """Tell whether a series is there in time and stays."""
        if subject.claim.kind != "present":
            return False
        if mutant.table.scrapes != subject.table.scrapes or mutant.table.down != subject.table.down:
            return False
        for column in mutant.table.columns:
            if not subject.selects(dict(column.labels)) or subject.leaves(column.target) < math.inf:
                continue
            counted = subject.counted(column.target)
            missing = [index for index, time in enumerate(counted) if time not in column.samples]
            since = missing[-1] + 1 if missing else 0
            if since < len(counted) and counted[since] <= max(subject.deadline, subject.held_since):
                return True
        return False


RULES = [AnySeries]
