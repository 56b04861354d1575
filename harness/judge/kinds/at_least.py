"""`at_least: 2`: exactly one series, with this value or a greater one."""

from __future__ import annotations

import math
from typing import Any

from harness.judge.comparison import Comparison


class AtLeast(Comparison):
    """The value is a number or greater."""

    name = "at_least"
    summary = "exactly one series is selected and is this value or greater"

    def test(self, value: float, *numbers: float) -> bool:
        """Tell whether the value is not below the number."""
        return value >= numbers[0]

    def span(self, *numbers: float) -> tuple[float, float]:
        """Return the bound and infinity."""
        return (numbers[0], math.inf)

    def phrase(self, *numbers: str) -> str:
        """Return the bound."""
        return f"at least {numbers[0]}"

    def vacuous(self, argument: Any) -> str | None:
        """Refuse bounds that everything or nothing keeps."""
        if isinstance(argument, float) and argument == -math.inf:
            return "every number is at least -Inf; use `present: true`"
        if isinstance(argument, float) and math.isnan(argument):
            return "nothing is at least NaN"
        return None


KINDS = [AtLeast]
