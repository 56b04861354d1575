"""The value is in another unit, or counted twice."""

from __future__ import annotations

from harness.audit.mutation.operator import OfValue

FACTOR = 2.0


class DoubleValue(OfValue):
    """Twice the value: the smallest factor by which something whole is counted wrong."""

    name = "scale"
    summary = "the value is doubled from the step on"

    def value(self, value: float) -> float:
        """Return twice the value."""
        return FACTOR * value


OPERATORS = [DoubleValue]
