"""`wait_for: NAME`: waits for a phase that a chaos reaches by itself."""

from __future__ import annotations

from harness.actions.action import ChaosAction
from harness.actions.before import AFTER_DELETION, Before
from harness.actions.context import ActionContext


class WaitForAction(ChaosAction):
    """Waits for a phase."""

    name = "wait_for"
    about = "the name of a chaos that reaches `until` by itself: a duration that ends."
    position = 60
    needs_until = True

    def title(self) -> str:
        """Return what is waited for."""
        return f"wait for {self.wanted} to be {self.until}"

    def perform(self, context: ActionContext) -> None:
        """Do nothing: each step waits for its phase."""

    def out_of_order(self, before: Before) -> str | None:
        """Say that the phase never comes by itself."""
        state, wanted = before.chaos.get(self.wanted), self.wanted
        if state is None:
            return f"`{wanted}` is not applied yet"
        deleted = state in ("deleting", "deleted")
        if self.until in AFTER_DELETION:
            return None if deleted else f"`{wanted}` is not deleted before, so it is never {self.until}"
        if deleted:
            return f"`{wanted}` is deleted already"
        if self.until == "paused":
            never = f"`{wanted}` is not paused before, and no phase `paused` comes by itself"
            return never if state == "applied" else None
        return f"`{wanted}` is paused, and stays so until it is resumed" if state == "paused" else None

    def record(self, before: Before) -> None:
        """Note that it is gone, where that was waited for."""
        if self.until == "gone" and before.chaos.get(self.wanted) == "deleting":
            before.chaos[self.wanted] = "deleted"


ACTIONS = [WaitForAction]
