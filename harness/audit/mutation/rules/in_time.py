"""The mutant comes to the same, early enough."""

from __future__ import annotations

from bisect import bisect_right

from harness.audit.mutation.operator import Mutant
from harness.audit.mutation.rule import EquivalenceRule
from harness.audit.mutation.subject import MutationSubject


class InTime(EquivalenceRule):
    """An expectation says what is true by the deadline and stays so, not how it gets there.

    Not for `increases_by`, to which every sample since the baseline counts. What is `unchanged` has to be so
    from the first scrape that counts. Of a target that goes it is what differs when it is gone.
    """

    name = "in-time"
    reason = "it differs for a while before the deadline, and then has the samples of the original for good"

    def applies(self, subject: MutationSubject, mutant: Mutant) -> bool:
        """Tell whether all scrapes of the end are the same, from one before the deadline on."""
        if subject.claim.kind == "increases_by":
            return False
        limit = subject.held_since if subject.claim.kind == "unchanged" else subject.deadline
        table = subject.table
        if mutant.table.scrapes != table.scrapes or mutant.table.down != table.down:
            return False
        for target, differs in mutant.table.differences(table):
            times = table.scrapes[target]
            after = bisect_right(times, differs)
            if (times[after] if after < len(times) else subject.leaves(target)) > limit:
                return False
        return True


RULES = [InTime]
