"""`pause: NAME`: pauses a chaos by its annotation."""

from __future__ import annotations

from collections.abc import Sequence

from harness.actions.action import ChaosAction
from harness.actions.before import Before
from harness.actions.context import ActionContext


class PauseAction(ChaosAction):
    """Pauses a chaos."""

    name = "pause"
    position = 30
    default_phase = "paused"
    refusable = True

    def perform(self, context: ActionContext) -> None:
        """Pause it."""
        context.pause(self.wanted, paused=True)

    def reaches(self, phases: Sequence[str]) -> list[str]:
        """Return the one phase."""
        return ["paused"]

    def out_of_order(self, before: Before) -> str | None:
        """Say that it is paused, or not there."""
        paused = before.chaos.get(self.wanted) == "paused"
        return before.missing(self.wanted) or (f"`{self.wanted}` is paused already" if paused else None)

    def record(self, before: Before) -> None:
        """Note that it is paused."""
        before.chaos[self.wanted] = "paused"


ACTIONS = [PauseAction]
