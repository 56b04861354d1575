"""The value has the other sign."""

from __future__ import annotations

from harness.audit.mutation.operator import OfValue


class Negate(OfValue):
    """Minus the value."""

    name = "negate"
    summary = "the value has the other sign from the step on"

    def value(self, value: float) -> float:
        """Return minus the value."""
        return -value


OPERATORS = [Negate]
