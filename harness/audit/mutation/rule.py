"""What a rule of equivalence is, and how the rules are found.

A mutant that survives is equivalent when a rule says why the same verdict is right for it. A rule looks at
the samples, never at what the judge said, and it never saves an expectation as a whole: one that no operator
kills counts as a survivor whatever the rules say.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from functools import cache
from typing import ClassVar

from harness.audit.mutation.operator import Mutant
from harness.audit.mutation.subject import MutationSubject

SAME = "same-samples"


class EquivalenceRule(ABC):
    """A reason why a mutant is no other than the original, to the expectation.

    Attributes:
        name: what results call it.
        reason: one sentence, for a person.
    """

    name: ClassVar[str]
    reason: ClassVar[str]

    @abstractmethod
    def applies(self, subject: MutationSubject, mutant: Mutant) -> bool:
        """Tell whether a mutant is equivalent by this rule."""


@cache
def rules() -> dict[str, EquivalenceRule]:
    """Return all rules by name: those of each module of `harness.audit.mutation.rules`."""
    import harness.audit.mutation.rules as package  # noqa: PLC0415  (its modules import this file)

    found: dict[str, EquivalenceRule] = {}
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for rule in getattr(loaded, "RULES", []):
            found[rule.name] = rule()
    return found


def rule_for(subject: MutationSubject, mutant: Mutant) -> str | None:
    """Return the name of the first rule by which a mutant is equivalent, or None."""
    # The simplest reason first: what changed nothing is also inside any range.
    ordered = sorted(rules().values(), key=lambda rule: (rule.name != SAME, rule.name))
    return next((rule.name for rule in ordered if rule.applies(subject, mutant)), None)
