"""`between: [2, 4]`: exactly one series, with a value of this range, ends included."""

from __future__ import annotations

import math
from typing import Any

from harness.judge.argument import Number, Quantity, number_text
from harness.judge.comparison import Comparison


class Between(Comparison):
    """The value is in a range, ends included."""

    name = "between"
    summary = "exactly one series is selected and is in this range, ends included"
    argument = tuple[Number, Number]

    def numbers(self, argument: Any) -> tuple[Quantity, ...]:
        """Return both ends."""
        return (argument[0], argument[1])

    def test(self, value: float, *numbers: float) -> bool:
        """Tell whether the value is in the range."""
        return numbers[0] <= value <= numbers[1]

    def span(self, *numbers: float) -> tuple[float, float]:
        """Return both ends."""
        return (numbers[0], numbers[1])

    def phrase(self, *numbers: str) -> str:
        """Return the range."""
        return f"between {numbers[0]} and {numbers[1]}"

    def vacuous(self, argument: Any) -> str | None:
        """Refuse ranges that are empty or hold everything."""
        low, high = argument
        if any(isinstance(end, float) and math.isnan(end) for end in argument):
            return "nothing is between NaN and anything"
        if isinstance(low, float) and isinstance(high, float):
            if low > high:
                ends = f"{number_text(low)} and {number_text(high)}"
                return f"nothing is between {ends}: the smaller one comes first"
            if (low, high) == (-math.inf, math.inf):
                return "every number is between -Inf and +Inf; use `present: true`"
        return None


KINDS = [Between]
