"""`present: true`: at least one series, whatever its value."""

from __future__ import annotations

from typing import Any, Literal

from harness.judge.argument import ArgumentError
from harness.judge.demand import Demand
from harness.judge.kind import Context, Kind, StateOutcome
from harness.judge.state import SeriesState


class Present(Kind):
    """At least one series is selected; its value does not matter, NaN included."""

    name = "present"
    summary = "at least one series is selected, whatever its value"
    argument = Literal[True]
    of_samples = True

    def parse(self, raw: Any, *, templates: bool = False) -> Any:
        """Take true only: false would be `absent`."""
        if raw is False:
            raise ArgumentError("`present: false` is written `absent: true`")
        if raw is not True:
            raise ArgumentError(f"`present` takes true, not {raw!r}")
        return super().parse(raw, templates=templates)

    def describe(self, argument: Any) -> str:
        """Return what is wanted."""
        return "at least one series"

    def demand(self, argument: Any) -> Demand:
        """Return that any series is demanded."""
        return Demand(least=1)

    def check(
        self, argument: Any, state: SeriesState, baseline: SeriesState | None, context: Context
    ) -> StateOutcome:
        """Look whether any series is there."""
        return StateOutcome(bool(state.samples), "at least one series", "" if state.samples else "no series")


KINDS = [Present]
