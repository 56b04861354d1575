"""`node: {name, command}`: a command on a node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field, model_validator

from harness.actions.action import Action
from harness.actions.before import Forces
from harness.actions.context import ActionContext
from harness.actions.names import KnownNames, WrongName
from harness.base.model import Model


class Node(Model):
    """A command on a node, run in the container of its chaos-daemon, or from there in a pod's network.

    Attributes:
        name: the node's (templates allowed); of `name`, `node_of` and `network_of` exactly one.
        node_of: a component: the node that the first of its pods that are ready runs on.
        network_of: a container, as in Exec: the command runs on its node, in its network namespace.
        command, exit, answered, timeout: as in Exec; the programs are those of chaos-daemon's image.
        breaks: whose pods must be replaced before things are as they were: `chaos-daemon` (on that node),
            `workload`; the clean-up does it, and if the run is killed the next run.
    """

    name: str | None = None
    node_of: str | None = None
    network_of: str | dict[str, str] | None = None
    command: list[str] = Field(min_length=1)
    exit: int = Field(default=0, ge=0, le=255)
    answered: str | None = None
    timeout: float = Field(default=10.0, gt=0, le=120)
    breaks: list[Literal["chaos-daemon", "workload"]] = []

    @model_validator(mode="after")
    def _one_place(self) -> Node:
        if sum(place is not None for place in (self.name, self.node_of, self.network_of)) != 1:
            raise ValueError("a node command takes exactly one of `name`, `node_of` and `network_of`")
        return self


class NodeAction(Action[Node]):
    """Runs a command on a node."""

    name = "node"
    about = "see Node."
    position = 150
    argument = Node
    done_when_settled = True

    def title(self) -> str:
        """Return the program and where it runs."""
        wanted = self.wanted
        if wanted.network_of is not None:
            of = wanted.network_of
            return f"{wanted.command[0]} in the network of {of.get('pod') if isinstance(of, dict) else of}"
        if wanted.node_of is not None:
            return f"{wanted.command[0]} on the node of {wanted.node_of}"
        return f"{wanted.command[0]} on {wanted.name}"

    def perform(self, context: ActionContext) -> None:
        """Run it."""
        context.note(self.name, context.execute_on_node(self.wanted))

    def wrong_names(self, known: KnownNames) -> Iterator[WrongName]:
        """Yield a component that there is not."""
        if self.wanted.node_of is not None:
            yield from known.component(("node_of",), self.wanted.node_of)

    @property
    def concerns(self) -> Sequence[str]:
        """What it breaks."""
        return tuple(self.wanted.breaks)

    @property
    def breaks(self) -> Sequence[str]:
        """As the argument says."""
        return tuple(self.wanted.breaks)

    @property
    def node_command(self) -> Sequence[str]:
        """The command."""
        return self.wanted.command

    @property
    def alone(self) -> str:
        """On a node anything may be changed, but by a command that says what it breaks, or in one pod."""
        unknown = self.wanted.network_of is None and not self.wanted.breaks
        return "what its command on a node changes is not known" if unknown else ""

    def change_forces(self, forces: Forces) -> None:
        """What it did is in force, until what it broke is restarted."""
        forces.add(self.title())
        for component in self.wanted.breaks:
            forces.break_until_restart(self.title(), component)


ACTIONS = [NodeAction]
