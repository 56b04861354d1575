"""`restart: chaos-daemon`: ends the pods of a component, for new ones to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field, model_validator

from harness.actions.action import Action
from harness.actions.before import Forces
from harness.actions.context import ActionContext
from harness.actions.names import KnownNames, WrongName
from harness.base.model import Model


class Restart(Model):
    """Ends the pods of a component, for new ones to come.

    Attributes:
        component: the name of a scrape job: one of Chaos Mesh's, or `workload`.
        node: only its pods on this node (templates allowed).
        leader: only the one that holds the lease; of the controller-manager.
        grace: seconds that the pods have to end by themselves.
        answers: the new pods answer a scrape before the step settles; False where they are not able to.
    """

    component: str
    node: str | None = None
    leader: bool = False
    grace: int = Field(default=1, ge=0, le=300)
    answers: bool = True

    @model_validator(mode="after")
    def _can_lead(self) -> Restart:
        if self.leader and self.component != "controller-manager":
            raise ValueError(f"only controller-manager has a leader, not {self.component}")
        return self


class RestartAction(Action[Restart]):
    """Replaces the pods of a component."""

    name = "restart"
    about = "see Restart; a plain name is its component."
    position = 90
    argument = Restart
    short_form = {"type": "string"}
    alone = ""

    @classmethod
    def long_form(cls, written: Any) -> Any:
        """Take a plain name for the component."""
        return {"component": written} if isinstance(written, str) else written

    def title(self) -> str:
        """Return what is restarted, and where."""
        which = f" on {self.wanted.node}" if self.wanted.node else ""
        return f"restart {'the leader of ' if self.wanted.leader else ''}{self.wanted.component}{which}"

    def perform(self, context: ActionContext) -> None:
        """Delete the pods."""
        context.restart(self.wanted)

    def settled(self, context: ActionContext) -> None:
        """Let the clean-up not replace them again."""
        context.replaced(self.wanted.component, self.wanted.node)

    def wrong_names(self, known: KnownNames) -> Iterator[WrongName]:
        """Yield a component that there is not."""
        yield from known.component(("component",), self.wanted.component, or_workload=True)

    @property
    def concerns(self) -> Sequence[str]:
        """The component."""
        return (self.wanted.component,)

    @property
    def replaces(self) -> str:
        """The component."""
        return self.wanted.component

    @property
    def answers(self) -> bool:
        """As the argument says."""
        return self.wanted.answers

    def change_forces(self, forces: Forces) -> None:
        """End what was broken; the restart itself is over when the pods are new."""
        forces.restart(self.wanted.component)


ACTIONS = [RestartAction]
