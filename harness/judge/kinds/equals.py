"""`equals: 2`: exactly one series, with exactly this value."""

from __future__ import annotations

import math
from typing import Any

from harness.judge.comparison import Comparison


class Equals(Comparison):
    """The value is exactly a number; an oracle with several points is compared as a vector."""

    name = "equals"
    summary = "exactly one series is selected and has exactly this value"

    def test(self, value: float, *numbers: float) -> bool:
        """Tell whether both are the same number."""
        return value == numbers[0]

    def span(self, *numbers: float) -> tuple[float, float]:
        """Return the number, twice."""
        return (numbers[0], numbers[0])

    def phrase(self, *numbers: str) -> str:
        """Return the number."""
        return f"equal to {numbers[0]}"

    def vacuous(self, argument: Any) -> str | None:
        """Refuse NaN, which equals nothing."""
        if isinstance(argument, float) and math.isnan(argument):
            return "nothing equals NaN; to want a series that is NaN, use `series` with `value: .nan`"
        return None


KINDS = [Equals]
