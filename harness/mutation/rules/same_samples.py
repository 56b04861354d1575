"""The operator changed nothing."""

from __future__ import annotations

from harness.mutation.operator import Mutant
from harness.mutation.rule import SAME, Rule
from harness.mutation.subject import Subject


class SameSamples(Rule):
    """Freezing what does not change, scaling 0, dropping what is not there."""

    name = SAME
    reason = "the mutant has exactly the samples of the original"

    def applies(self, subject: Subject, mutant: Mutant) -> bool:
        """Tell whether both tables are the same."""
        return mutant.table.same(subject.table)


RULES = [SameSamples]
