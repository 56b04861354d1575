"""The value is 0."""

from __future__ import annotations

from harness.audit.mutation.operator import OfValue


class Zero(OfValue):
    """The series is there and always 0."""

    name = "zero"
    summary = "the value is 0 from the step on"

    def value(self, value: float) -> float:
        """Return 0."""
        return 0.0


OPERATORS = [Zero]
