"""`exec: {in, command}`: a command in a container."""

from __future__ import annotations

from pydantic import Field

from harness.actions.action import Action, ControlRole
from harness.actions.context import ActionContext
from harness.base.model import Model


class Exec(Model):
    """A command in a container.

    Attributes:
        in_: the container: `${NAME.targets[0]}` or another mapping with namespace, pod and container; or the
            name of a pod of the workload, for its first container.
        command: the program and its arguments; no shell is involved (templates allowed).
        exit: the exit code that it must end with.
        answered: what its standard output must be, without white space around it (templates allowed).
        timeout: seconds that it may take.
    """

    in_: str | dict[str, str] = Field(alias="in")
    command: list[str] = Field(min_length=1)
    exit: int = Field(default=0, ge=0, le=255)
    answered: str | None = None
    timeout: float = Field(default=10.0, gt=0, le=120)


class ExecAction(Action[Exec]):
    """Runs a command in a container."""

    name = "exec"
    about = "see Exec."
    position = 140
    argument = Exec
    role = ControlRole.STIMULUS
    done_when_settled = True
    # It runs in a container of the scenario's own.
    alone = ""

    def title(self) -> str:
        """Return the program and the container."""
        inside = self.wanted.in_
        where = inside if isinstance(inside, str) else "/".join(inside.values())
        return f"exec {self.wanted.command[0]} in {where}"

    def perform(self, context: ActionContext) -> None:
        """Run it."""
        context.note(self.name, context.execute(self.wanted))


ACTIONS = [ExecAction]
