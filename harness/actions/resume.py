"""`resume: NAME`: lets a chaos that is paused go on."""

from __future__ import annotations

from collections.abc import Sequence

from harness.actions.action import ChaosAction
from harness.actions.before import AFTER_DELETION, Before
from harness.actions.context import ActionContext


class ResumeAction(ChaosAction):
    """Resumes a chaos."""

    name = "resume"
    position = 40
    default_phase = "running"
    phase_of_experiments = True
    refusable = True
    brings_effect = True

    def perform(self, context: ActionContext) -> None:
        """Resume it."""
        context.pause(self.wanted, paused=False)

    def reaches(self, phases: Sequence[str]) -> list[str]:
        """Return all but those that come of a deletion, and the one that it ends."""
        return [each for each in phases if each not in (*AFTER_DELETION, "paused")]

    def out_of_order(self, before: Before) -> str | None:
        """Say that it is not paused."""
        running = before.chaos.get(self.wanted) == "applied"
        return before.missing(self.wanted) or (f"`{self.wanted}` is not paused" if running else None)

    def record(self, before: Before) -> None:
        """Note that it is not paused any more."""
        before.chaos[self.wanted] = "applied"


ACTIONS = [ResumeAction]
