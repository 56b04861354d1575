"""`within: {value: 10, abs: 0.5}`: exactly one series, near a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.judge.argument import Number, OracleRef, Quantity, number_text
from harness.judge.comparison import Comparison


class Tolerance(BaseModel):
    """A value and how far from it is still near; exactly one of `abs` and `rel`.

    Attributes:
        value: the middle, or an oracle.
        abs: the greatest distance, in the metric's unit.
        rel: the greatest distance as a part of the middle's size: 0.1 is ten per cent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Number
    abs: float | None = Field(default=None, ge=0, strict=True)
    rel: float | None = Field(default=None, ge=0, strict=True)

    @model_validator(mode="after")
    def _one(self) -> Tolerance:
        if (self.abs is None) == (self.rel is None):
            raise ValueError("exactly one of `abs` and `rel` is wanted beside `value`")
        return self

    def distance(self, middle: float) -> float:
        """Return the greatest distance, from the wanted value and never from the observed one."""
        return self.abs if self.abs is not None else (self.rel or 0.0) * math.fabs(middle)


class Within(Comparison):
    """The value is near a number."""

    name = "within"
    summary = (
        "exactly one series is selected and is near a value: {value: 10, abs: 1} or {value: 10, rel: 0.1}"
    )
    argument = Tolerance

    def numbers(self, argument: Any) -> tuple[Quantity, ...]:
        """Return the middle."""
        return (argument.value,)

    def narrow(self, argument: Any) -> Callable[..., bool]:
        """Return the test with the argument's tolerance."""
        return lambda value, middle: self.test(value, middle, argument.distance(middle))

    def test(self, value: float, *numbers: float) -> bool:
        """Tell whether the value is near enough."""
        middle, distance = numbers
        return middle - distance <= value <= middle + distance

    def reach(self, argument: Any) -> Callable[..., tuple[float, float]]:
        """Return the span with the argument's tolerance."""
        return lambda middle: self.span(middle, argument.distance(middle))

    def span(self, *numbers: float) -> tuple[float, float]:
        """Return the ends of the band."""
        middle, distance = numbers
        return (middle - distance, middle + distance)

    def words(self, argument: Any, *numbers: str) -> str:
        """Return the middle and the tolerance."""
        if argument.abs is not None:
            return self.phrase(numbers[0], number_text(argument.abs))
        return self.phrase(numbers[0], f"{number_text(argument.rel * 100)} %")

    def phrase(self, *numbers: str) -> str:
        """Return the middle and the tolerance."""
        return f"{numbers[0]} ± {numbers[1]}"

    def vacuous(self, argument: Any) -> str | None:
        """Refuse tolerances that everything or nothing keeps."""
        if not math.isfinite(argument.abs if argument.abs is not None else argument.rel):
            return "every number is within this tolerance; use `present: true`"
        if isinstance(argument.value, OracleRef) or not isinstance(argument.value, float):
            return None
        if not math.isfinite(argument.value):
            return f"no number is near {number_text(argument.value)}"
        if argument.rel and argument.value == 0:
            return "a part of 0 is 0: use `abs`"
        return None


KINDS = [Within]
