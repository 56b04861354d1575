"""`delete: NAME`: deletes a chaos, whose finalizers then recover what it did."""

from __future__ import annotations

from collections.abc import Sequence

from harness.actions.action import ChaosAction
from harness.actions.before import AFTER_DELETION, Before
from harness.actions.context import ActionContext


class DeleteAction(ChaosAction):
    """Deletes a chaos."""

    name = "delete"
    position = 20
    default_phase = "gone"
    refusable = True
    deletes = True

    def perform(self, context: ActionContext) -> None:
        """Delete it."""
        context.delete(self.wanted)

    def reaches(self, phases: Sequence[str]) -> list[str]:
        """Return those that come of a deletion."""
        return [each for each in phases if each in AFTER_DELETION]

    def out_of_order(self, before: Before) -> str | None:
        """Say that there is nothing to delete."""
        return before.missing(self.wanted)

    def record(self, before: Before) -> None:
        """Note whether it may still be there."""
        before.chaos[self.wanted] = "deleting" if self.until == "deleting" else "deleted"


ACTIONS = [DeleteAction]
