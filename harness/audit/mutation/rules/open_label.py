"""The label is one that the expectation leaves open."""

from __future__ import annotations

from harness.audit.mutation.operator import Mutant
from harness.audit.mutation.rule import EquivalenceRule
from harness.audit.mutation.subject import MutationSubject
from harness.judge.argument import OracleRef
from harness.judge.kind import kinds


class OpenLabel(EquivalenceRule):
    """Neither `where`, nor a listed series, nor the oracle's answer has the label.

    Such a label is claimed by another expectation, or by none: coverage counts that.
    """

    name = "open-label"
    reason = "nothing is said about the label: it is not in `where`, not listed, not told by the oracle"

    def applies(self, subject: MutationSubject, mutant: Mutant) -> bool:
        """Tell whether only a label changed of which nothing is said."""
        if mutant.label is None or mutant.label in subject.where:
            return False
        kind, argument = kinds()[subject.claim.kind], subject.claim.argument
        if subject.claim.kind == "series" and not isinstance(argument, OracleRef):
            # Each of its series has all labels listed.
            return False
        if any(mutant.label in dict(each.labels) for each in kind.demand(argument).series):
            return False
        return not any(mutant.label in _told(subject, oracle) for oracle in kind.oracles(argument))


def _told(subject: MutationSubject, oracle: OracleRef) -> set[str]:
    """Return the labels of an oracle's answer; without one, it may have told any."""
    reading = subject.readings.get((oracle.name, oracle.key))
    return {label for point in (reading.vector or [] if reading else []) for label in point.labels}


RULES = [OpenLabel]
