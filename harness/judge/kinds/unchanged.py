"""`unchanged: true`: the same series with the same values as before the step."""

from __future__ import annotations

from typing import Any, Literal

from harness.judge.argument import ArgumentError, labels_text, number_text
from harness.judge.comparison import join, join_samples
from harness.judge.demand import Demand
from harness.judge.kind import Context, Kind, StateOutcome
from harness.judge.state import SeriesState
from harness.recording.model import labels_of


class Unchanged(Kind):
    """Every series is as it was before the step, and no other one is there.

    A change is final: that the old value came back does not undo it.
    """

    name = "unchanged"
    summary = "the same series with the same values as before the step"
    argument = Literal[True]
    of_samples = True
    needs_baseline = True

    def parse(self, raw: Any, *, templates: bool = False) -> Any:
        """Take true only."""
        if raw is not True:
            raise ArgumentError(f"`unchanged` takes true, not {raw!r}")
        return super().parse(raw, templates=templates)

    def describe(self, argument: Any) -> str:
        """Return what is wanted."""
        return "as before the step"

    def demand(self, argument: Any) -> Demand:
        """Return that some series must be there, and stay as they are."""
        return Demand(least=1, stays=True)

    def check(
        self, argument: Any, state: SeriesState, baseline: SeriesState | None, context: Context
    ) -> StateOutcome:
        """Compare each series with the baseline."""
        before = {labels_of(sample.labels): sample for sample in baseline.samples} if baseline else {}
        now = {labels_of(sample.labels): sample for sample in state.samples}
        expected = "as before the step: " + (
            join_samples(
                list(before.values()), lambda each: f"{labels_text(each.labels)} {number_text(each.value)}"
            )
            or "no series"
        )
        if not before and not now:
            return StateOutcome(False, expected, "no series, before the step or now: nothing could change")
        problems = [f"{labels_text(before[key].labels)} is gone" for key in before if key not in now]
        for key, sample in now.items():
            if key not in before:
                problems.append(f"{labels_text(sample.labels)} is new")
            elif sample.value != before[key].value:
                was, value = number_text(before[key].value), number_text(sample.value)
                problems.append(f"{labels_text(sample.labels)} was {was} and is {value}")
        return StateOutcome(not problems, expected, join(problems), final=bool(problems))


KINDS = [Unchanged]
