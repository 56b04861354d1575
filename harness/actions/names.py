"""The names in an action's argument that stand for something of Chaos Mesh's."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from harness.base.words import meant

WORKLOAD = "workload"
"""The scenario's own pods, where a component can be named."""

WrongName = tuple[tuple[str | int, ...], str, str | None]
"""Where in the argument a name is wrong, what is wrong, and what was probably meant."""


@dataclass(frozen=True)
class KnownNames:
    """What can be named.

    Attributes:
        components: of Chaos Mesh, by their scrape jobs.
        one_each_node: those with one pod on each node.
        resources: of the API group chaos-mesh.org, by their plurals.
    """

    components: Collection[str]
    one_each_node: Collection[str]
    resources: Collection[str]

    def component(
        self, at: tuple[str | int, ...], name: str, *, or_workload: bool = False
    ) -> Iterator[WrongName]:
        """Yield what is wrong with the name of a component."""
        yield from unknown(at, "component", name, [*self.components, *([WORKLOAD] if or_workload else [])])


def unknown(at: tuple[str | int, ...], what: str, name: str, known: Collection[str]) -> Iterator[WrongName]:
    """Yield that a name is none of those that are known."""
    if name not in known:
        yield at, f"there is no {what} `{name}`; there is: {', '.join(sorted(known))}", meant(name, known)
