"""`deny: {component, verbs, resources}`: requests of a component that the API server refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from harness.actions.action import Action
from harness.actions.before import Before, Forces
from harness.actions.context import ActionContext
from harness.actions.names import KnownNames, WrongName, unknown
from harness.base.model import Model

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
"""What the API server can be asked to do with a resource."""

Resource = Annotated[str, StringConstraints(pattern=r"^[a-z]+(/[a-z]+)?$")]
"""A resource of the API, with a subresource or without."""


class Deny(Model):
    """Requests of a component of Chaos Mesh that the API server refuses until `allow`, or to the end.

    Attributes:
        component: controller-manager, chaos-daemon or chaos-dashboard.
        verbs: what it may not do.
        resources: with what, of the API group chaos-mesh.org: `statuschecks`, `statuschecks/status`.
    """

    component: str
    verbs: list[Verb] = Field(min_length=1)
    resources: list[Resource] = Field(min_length=1)


class DenyAction(Action[Deny]):
    """Denies requests to a component."""

    name = "deny"
    about = "see Deny."
    position = 110
    argument = Deny
    starts_anew = True

    def title(self) -> str:
        """Return what is denied to whom."""
        wanted = self.wanted
        return f"deny {wanted.component} to {', '.join(wanted.verbs)} {', '.join(wanted.resources)}"

    def perform(self, context: ActionContext) -> None:
        """Let the API server refuse them."""
        context.deny(self.wanted.component, self.wanted.verbs, self.wanted.resources)

    def record(self, before: Before) -> None:
        """Note that there is something to allow again."""
        before.done.add(("denied", self.wanted.component))

    def wrong_names(self, known: KnownNames) -> Iterator[WrongName]:
        """Yield a component, or resources, that there are not."""
        yield from known.component(("component",), self.wanted.component)
        for position, resource in enumerate(self.wanted.resources):
            plural, at = resource.partition("/")[0], ("resources", position)
            yield from unknown(at, "resource of Chaos Mesh", plural, known.resources)

    @property
    def alone(self) -> str:
        """What is denied is denied for all scenarios."""
        return f"what it denies to {self.wanted.component} every other scenario would have to do without"

    def change_forces(self, forces: Forces) -> None:
        """It is denied until `allow`."""
        forces.add(f"what is denied to {self.wanted.component}")


ACTIONS = [DenyAction]
