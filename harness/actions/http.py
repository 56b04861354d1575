"""`http: {to, path}`: HTTP requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from harness.actions.action import Action, ControlRole
from harness.actions.context import ActionContext
from harness.actions.request import Http


class HttpAction(Action[list[Http]]):
    """Sends HTTP requests, one after the other."""

    name = "http"
    about = "see Http; one or a list of them, sent one after the other."
    position = 130
    argument = Annotated[list[Http], Field(min_length=1)]
    short_form = {"$ref": "#/$defs/Http"}
    role = ControlRole.STIMULUS
    # Whoever is scraped cannot be sent requests meanwhile: conflicts know that of all requests.
    alone = ""

    @classmethod
    def long_form(cls, written: Any) -> Any:
        """Take one for a list of one."""
        return [written] if isinstance(written, dict) else written

    def title(self) -> str:
        """Return the first request, and how many follow."""
        more = f" and {len(self.wanted) - 1} more requests" if len(self.wanted) > 1 else ""
        return self.wanted[0].title() + more

    def perform(self, context: ActionContext) -> None:
        """Send them."""
        for request in self.wanted:
            context.note(self.name, context.http(request))

    @property
    def requests(self) -> Sequence[Http]:
        """The argument."""
        return self.wanted

    @property
    def concerns(self) -> Sequence[str]:
        """Whom they are sent to."""
        return tuple(request.to for request in self.wanted)


ACTIONS = [HttpAction]
