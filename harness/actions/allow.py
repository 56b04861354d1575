"""`allow: chaos-daemon`: ends what `deny` denied to a component."""

from __future__ import annotations

from collections.abc import Iterator

from harness.actions.action import Action
from harness.actions.before import Before, Forces
from harness.actions.context import ActionContext
from harness.actions.names import KnownNames, WrongName


class AllowAction(Action[str]):
    """Allows a component again what was denied to it."""

    name = "allow"
    about = "a component, to which all is allowed again that was denied to it."
    position = 120
    argument = str
    starts_anew = True
    # `deny`, which comes first, says why it runs alone.
    alone = ""

    def title(self) -> str:
        """Return to whom."""
        return f"allow {self.wanted}"

    def perform(self, context: ActionContext) -> None:
        """Let the API server refuse nothing any more."""
        context.allow(self.wanted)

    def out_of_order(self, before: Before) -> str | None:
        """Say that nothing is denied."""
        if ("denied", self.wanted) in before.done:
            return None
        return f"nothing is denied to `{self.wanted}` before; `deny` comes first"

    def record(self, before: Before) -> None:
        """Note that nothing is denied any more."""
        before.done.discard(("denied", self.wanted))

    def wrong_names(self, known: KnownNames) -> Iterator[WrongName]:
        """Yield a component that there is not."""
        yield from known.component((), self.wanted)

    def change_forces(self, forces: Forces) -> None:
        """Nothing is denied any more."""
        forces.end(f"what is denied to {self.wanted}")


ACTIONS = [AllowAction]
