"""`absent: true`: no series, at scrapes that succeeded."""

from __future__ import annotations

from typing import Any, Literal

from harness.judge.argument import ArgumentError, labels_text
from harness.judge.comparison import join_samples
from harness.judge.demand import Demand
from harness.judge.kind import Context, Kind, StateOutcome
from harness.judge.state import SeriesState


class Absent(Kind):
    """No series is selected, although every target was scraped and answered."""

    name = "absent"
    summary = "no series is selected, at scrapes that succeeded"
    argument = Literal[True]
    of_samples = True

    def parse(self, raw: Any, *, templates: bool = False) -> Any:
        """Take true only: false would be `present`."""
        if raw is False:
            raise ArgumentError("`absent: false` is written `present: true`")
        if raw is not True:
            raise ArgumentError(f"`absent` takes true, not {raw!r}")
        return super().parse(raw, templates=templates)

    def describe(self, argument: Any) -> str:
        """Return what is wanted."""
        return "no series"

    def demand(self, argument: Any) -> Demand:
        """Return that no series is demanded."""
        return Demand(most=0)

    def check(
        self, argument: Any, state: SeriesState, baseline: SeriesState | None, context: Context
    ) -> StateOutcome:
        """Look whether any series is there."""
        there = join_samples(state.samples, lambda sample: f"{labels_text(sample.labels)} is there")
        return StateOutcome(not state.samples, "no series", there)


KINDS = [Absent]
