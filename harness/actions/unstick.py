"""`unstick: NAME`: removes the finalizers of a chaos that stays in deletion."""

from __future__ import annotations

from collections.abc import Sequence

from harness.actions.action import ChaosAction
from harness.actions.before import Before
from harness.actions.context import ActionContext


class UnstickAction(ChaosAction):
    """Removes the finalizers of a chaos."""

    name = "unstick"
    about = "the name of a chaos that stays in deletion: its finalizers are removed by force."
    position = 50
    default_phase = "gone"

    def perform(self, context: ActionContext) -> None:
        """Remove them."""
        context.remove_finalizers(self.wanted, self.bound)

    def reaches(self, phases: Sequence[str]) -> list[str]:
        """Return the one phase."""
        return ["gone"]

    def out_of_order(self, before: Before) -> str | None:
        """Say that nothing is stuck."""
        match before.chaos.get(self.wanted):
            case None:
                return f"`{self.wanted}` is not applied yet"
            case "deleting":
                return None
        return f"`{self.wanted}` is not stuck: delete it first, with `until: deleting`"

    def record(self, before: Before) -> None:
        """Note that it is gone."""
        before.chaos[self.wanted] = "deleted"


ACTIONS = [UnstickAction]
