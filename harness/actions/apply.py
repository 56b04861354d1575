"""`apply: NAME`: creates a chaos of the scenario."""

from __future__ import annotations

from collections.abc import Sequence

from harness.actions.action import ChaosAction
from harness.actions.before import AFTER_DELETION, Before
from harness.actions.context import ActionContext


class ApplyAction(ChaosAction):
    """Creates a chaos."""

    name = "apply"
    position = 10
    refusable = True
    creates = True
    brings_effect = True

    def perform(self, context: ActionContext) -> None:
        """Create it."""
        context.apply(self.wanted)

    def reaches(self, phases: Sequence[str]) -> list[str]:
        """Return all but those that come of a deletion."""
        return [each for each in phases if each not in AFTER_DELETION]

    def out_of_order(self, before: Before) -> str | None:
        """Say that it is there, or may be."""
        match before.chaos.get(self.wanted):
            case "applied" | "paused":
                return f"`{self.wanted}` is applied already; delete it first"
            case "deleting":
                return f"`{self.wanted}` may still be there; wait for it to be gone first"
        return None

    def record(self, before: Before) -> None:
        """Note that it is there."""
        before.chaos[self.wanted] = "applied"


ACTIONS = [ApplyAction]
