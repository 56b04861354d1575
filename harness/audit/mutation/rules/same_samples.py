"""The operator changed nothing."""

from __future__ import annotations

from harness.audit.mutation.operator import Mutant
from harness.audit.mutation.rule import SAME, EquivalenceRule
from harness.audit.mutation.subject import MutationSubject


class SameSamples(EquivalenceRule):
    """Freezing what does not change, scaling 0, dropping what is not there."""

    name = SAME
    reason = "the mutant has exactly the samples of the original"

    def applies(self, subject: MutationSubject, mutant: Mutant) -> bool:
        """Tell whether both tables are the same."""
        return mutant.table.same(subject.table)


RULES = [SameSamples]
