"""`at_most: 2`: exactly one series, with this value or a smaller one."""

from __future__ import annotations

import math
from typing import Any

from harness.judge.comparison import Comparison


class AtMost(Comparison):
    """The value is a number or smaller."""

    name = "at_most"
    summary = "exactly one series is selected and is this value or smaller"

    def test(self, value: float, *numbers: float) -> bool:
        """Tell whether the value is not above the number."""
        return value <= numbers[0]

    def span(self, *numbers: float) -> tuple[float, float]:
        """Return minus infinity and the bound."""
        return (-math.inf, numbers[0])

    def phrase(self, *numbers: str) -> str:
        """Return the bound."""
        return f"at most {numbers[0]}"

    def vacuous(self, argument: Any) -> str | None:
        """Refuse bounds that everything or nothing keeps."""
        if isinstance(argument, float) and argument == math.inf:
            return "every number is at most +Inf; use `present: true`"
        if isinstance(argument, float) and math.isnan(argument):
            return "nothing is at most NaN"
        return None


KINDS = [AtMost]
