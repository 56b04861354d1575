"""`wait: 2`: waits for scrapes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harness.actions.action import Action, ControlRole
from harness.actions.context import ActionContext


class WaitAction(Action[int]):
    """Waits for a number of scrapes."""

    name = "wait"
    about = "a number of scrapes, of every target that the scenario watches."
    position = 70
    argument = Annotated[int, Field(ge=1, le=600)]
    role = ControlRole.WAIT
    done_when_settled = True
    changes_nothing = True
    alone = ""

    def title(self) -> str:
        """Return how many."""
        return f"wait {self.wanted} scrape{'s' if self.wanted > 1 else ''}"

    def perform(self, context: ActionContext) -> None:
        """Do nothing: the step waits for its scrapes."""

    @property
    def scrapes(self) -> int:
        """The argument."""
        return self.wanted


ACTIONS = [WaitAction]
