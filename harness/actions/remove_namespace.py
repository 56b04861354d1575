"""`remove_namespace: NAME`: deletes a further namespace of the scenario."""

from __future__ import annotations

from harness.actions.action import Action
from harness.actions.before import Forces
from harness.actions.context import ActionContext


class RemoveNamespaceAction(Action[str]):
    """Deletes a namespace with all that is in it."""

    name = "remove_namespace"
    about = "one of the scenario's further namespaces, which is deleted and waited for."
    position = 170
    argument = str
    alone = ""

    def title(self) -> str:
        """Return which."""
        return f"remove the namespace {self.wanted}"

    def perform(self, context: ActionContext) -> None:
        """Delete it, and wait until it is gone."""
        context.remove_namespace(self.wanted, self.bound)

    @property
    def removes_namespace(self) -> str:
        """The argument."""
        return self.wanted

    def change_forces(self, forces: Forces) -> None:
        """Leave all as it is: the steps say when its chaos is over."""


ACTIONS = [RemoveNamespaceAction]
