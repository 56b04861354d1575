"""Works out the numbers of an argument: what oracles said, and arithmetic with it."""

from __future__ import annotations

import math

from harness.judge.argument import OPERATORS, Arithmetic, NumberTemplate, OracleRef, Quantity, number_text
from harness.judge.kind import Context, NotComparableError
from harness.judge.state import SeriesState
from harness.recording.model import Point


class EmptyAnswerError(Exception):
    """An oracle said that there is nothing, which is no number."""

    def __init__(self, oracle: OracleRef) -> None:
        super().__init__(f"{oracle} says there is nothing, which is not 0")


def value_of(number: Quantity, state: SeriesState, context: Context) -> tuple[float, str]:
    """Return a number, and a text that says where it is from.

    Args:
        number: templates resolved.
        state: an oracle's reading has to fit it.
        context: has the readings.

    Raises:
        NotComparableError: an oracle gives several points or nothing to compare with; arithmetic gives none.
        EmptyAnswerError: an oracle says that there is nothing.
    """
    match number:
        case OracleRef():
            point = one_point(number, context.vector(number, state))
            return point.value, read_text(number, point)
        case Arithmetic():
            (left, _), (right, _) = (value_of(each, state, context) for each in number.operands)
            try:
                value = OPERATORS[number.operator][1](left, right)
            except (ZeroDivisionError, OverflowError) as error:
                raise NotComparableError(f"{number} has no result: {error}") from error
            if math.isnan(value):
                raise NotComparableError(f"{number} is NaN, which is no answer")
            return value, f"{number_text(value)} ({number})"
        case NumberTemplate():
            raise TypeError(f"{number} is not a number")
    return number, number_text(number)


def one_point(oracle: OracleRef, points: list[Point]) -> Point:
    """Return the only point of an oracle's answer.

    Raises:
        NotComparableError: there are several.
        EmptyAnswerError: there is none.
    """
    if not points:
        raise EmptyAnswerError(oracle)
    if len(points) > 1:
        raise NotComparableError(f"{oracle} gives {len(points)} points; one number is wanted here")
    return points[0]


def read_text(oracle: OracleRef, point: Point) -> str:
    """Return what an oracle said, and which one: "2 (the oracle processes)"."""
    return f"{number_text(point.value)} ({oracle})"
