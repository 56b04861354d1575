"""`patch: {chaos, annotations, spec}`: a change of a chaos that was applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from harness.actions.action import OVER, Action
from harness.actions.before import Before, Forces
from harness.actions.context import ActionContext
from harness.base.model import Model


class Patch(Model):
    """A change of an object that was applied, as a JSON merge patch (RFC 7386).

    Attributes:
        chaos: its name in this scenario.
        annotations: new ones; null takes one away (templates allowed).
        spec: what of its spec is changed (templates allowed).
    """

    chaos: str
    annotations: dict[str, str | None] = {}
    spec: dict[str, Any] = {}

    @model_validator(mode="after")
    def _something(self) -> Patch:
        if not self.annotations and not self.spec:
            raise ValueError("patch takes `annotations`, `spec` or both: what shall be changed")
        return self


class PatchAction(Action[Patch]):
    """Changes a chaos."""

    name = "patch"
    about = "see Patch."
    position = 160
    argument = Patch
    chaos_at = ("chaos",)
    refusable = True
    alone = ""

    def title(self) -> str:
        """Return what is changed."""
        return f"patch {self.wanted.chaos}"

    def perform(self, context: ActionContext) -> None:
        """Change it."""
        context.patch(self.wanted.chaos, self.wanted.annotations, self.wanted.spec)

    def out_of_order(self, before: Before) -> str | None:
        """Say that there is nothing to change."""
        match before.chaos.get(self.wanted.chaos):
            case None:
                return f"`{self.wanted.chaos}` is not applied yet"
            case "deleted":
                return f"`{self.wanted.chaos}` is deleted already"
        return None

    @property
    def changed_spec(self) -> Mapping[str, Any]:
        """As the argument says."""
        return self.wanted.spec

    def change_forces(self, forces: Forces) -> None:
        """It ends the effect of a chaos where it is waited for that."""
        if self.phase in OVER:
            forces.end(self.wanted.chaos)


ACTIONS = [PatchAction]
