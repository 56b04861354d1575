"""`scale: {component, replicas}`: another number of pods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from harness.actions.action import Action
from harness.actions.before import Forces
from harness.actions.context import ActionContext
from harness.actions.names import KnownNames, WrongName
from harness.base.model import Model


class Scale(Model):
    """Another number of pods for a component; that of Chaos Mesh's own is put back at the clean-up.

    Attributes:
        component: as in Restart.
        replicas: how many pods.
    """

    component: str
    replicas: int = Field(ge=0, le=50)


class ScaleAction(Action[Scale]):
    """Changes the number of pods of a component."""

    name = "scale"
    about = "see Scale."
    position = 100
    argument = Scale
    alone = ""

    def title(self) -> str:
        """Return what is scaled to how many."""
        return f"scale {self.wanted.component} to {self.wanted.replicas}"

    def perform(self, context: ActionContext) -> None:
        """Ask for them."""
        context.scale(self.wanted.component, self.wanted.replicas)

    def wrong_names(self, known: KnownNames) -> Iterator[WrongName]:
        """Yield a component that there is not, or that has as many pods as there are nodes."""
        at, name = ("component",), self.wanted.component
        yield from known.component(at, name, or_workload=True)
        if name in known.one_each_node:
            yield at, f"`{name}` cannot be scaled: it has one pod on each node", None

    @property
    def concerns(self) -> Sequence[str]:
        """The component."""
        return (self.wanted.component,)

    @property
    def replaces(self) -> str:
        """The component."""
        return self.wanted.component

    def change_forces(self, forces: Forces) -> None:
        """A component is scaled back by a second step."""
        forces.toggle(f"the scale of {self.wanted.component}")


ACTIONS = [ScaleAction]
