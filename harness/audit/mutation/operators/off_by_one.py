"""The value is one too many, or one too few."""

from __future__ import annotations

from harness.audit.mutation.operator import OfValue


class OneMore(OfValue):
    """One too many."""

    name = "one-more"
    summary = "the value is greater by 1 from the step on"

    def value(self, value: float) -> float:
        """Return the next number."""
        return value + 1


class OneLess(OfValue):
    """One too few."""

    name = "one-less"
    summary = "the value is smaller by 1 from the step on"

    def value(self, value: float) -> float:
        """Return the number before."""
        return value - 1


OPERATORS = [OneMore, OneLess]
