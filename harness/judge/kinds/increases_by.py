"""`increases_by: 2`: a counter grew by exactly this since before the step."""

from __future__ import annotations

import math
from typing import Any

from harness.judge.argument import Number, OracleRef, Quantity, labels_text, number_text, oracles_in
from harness.judge.comparison import join, quantity_text
from harness.judge.demand import Demand
from harness.judge.kind import MOST_ROWS, Context, Increase, Kind, StateOutcome
from harness.judge.state import SeriesState
from harness.judge.value import EmptyAnswerError, value_of


class IncreasesBy(Kind):
    """The increases of all selected series since before the step, summed, are exactly a number.

    `increases_by: 0` also holds where there is no series at all: nothing was counted, ever. (The daemon has
    no series of a gRPC method before its first call.)

    A value below the one before it is a restart of the counter, and counts as grown from 0. More
    than a plain number is final, as a counter never falls; so is a value below 0, which no counter has.
    """

    name = "increases_by"
    summary = "the selected counters together grew by exactly this since before the step"
    argument = Number
    needs_baseline = True

    def oracles(self, argument: Any) -> list[OracleRef]:
        """Return the oracles in the number's place."""
        return oracles_in(argument)

    def describe(self, argument: Any) -> str:
        """Return the number, or the oracle's name."""
        return f"an increase of {quantity_text(argument)} since before the step"

    def vacuous(self, argument: Any) -> str | None:
        """Refuse numbers by which no counter can grow."""
        if isinstance(argument, float) and not (math.isfinite(argument) and argument >= 0):
            return f"no counter grows by {number_text(argument)}"
        return None

    def demand(self, argument: Any) -> Demand:
        """Return that nothing may change for 0; a counter that grew is there."""
        if argument == 0:
            return Demand(stays=True)
        return Demand(least=1) if isinstance(argument, float) else Demand()

    def check(
        self, argument: Quantity, state: SeriesState, baseline: SeriesState | None, context: Context
    ) -> StateOutcome:
        """Sum the increases."""
        increases = context.increases(state)
        shown = [_row(increase) for increase in increases[:MOST_ROWS]]
        try:
            wanted, text = value_of(argument, state, context)
        except EmptyAnswerError as nothing:
            return StateOutcome(False, self.describe(argument), str(nothing), actual=shown)
        expected = f"an increase of {text} since before the step"
        if not increases and wanted != 0:
            return StateOutcome(False, expected, "no series, before the step or since", actual=shown)
        if below := [told for each in increases if (told := _below(each))]:
            reason = f"{join(below)}: no counter is below 0"
            return StateOutcome(False, expected, reason, final=True, actual=shown)
        if fallen := [each for each in increases if each.amount < 0]:
            told = join(
                [f"{labels_text(each.labels)} fell by {number_text(-each.amount)}" for each in fallen]
            )
            return StateOutcome(
                False, expected, f"{told}: no counter does, unless it was reset", actual=shown
            )
        total = math.fsum(increase.amount for increase in increases)
        if total == wanted:
            return StateOutcome(True, expected, actual=shown)
        overshot = total > wanted and isinstance(argument, float)
        return StateOutcome(
            False, expected, f"the increase is {number_text(total)}", final=overshot, actual=shown
        )


def _below(increase: Increase) -> str:
    if increase.below is None:
        return ""
    time, value = increase.below
    return f"{labels_text(increase.labels)} was {number_text(value)} at {time:.3f}"


def _row(increase: Increase) -> dict[str, Any]:
    return {
        "labels": increase.labels,
        "value": increase.last,
        "baseline": increase.baseline,
        "increase": increase.amount,
    }


KINDS = [IncreasesBy]
