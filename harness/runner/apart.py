"""The node that is set apart, for scenarios that need what only its kernel has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.results.scenario import RanOn

if TYPE_CHECKING:
    from harness.runner.run_context import RunContext


@dataclass(frozen=True)
class NodeApart:
    """A node where everything is slow, and that has what the others lack (`harness.kubernetes.set_apart`).

    Attributes:
        name: the node's.
        capabilities: capability to None when it is there, or to the reason why not.
        interval: of the scrapes of what runs there, seconds.
        logs: the folder with the logs of its console, kubelet and containerd; None when there is none.
        ready_seconds: how long the pods of a workload may take to become ready there.
        patience: how many times what steps may take elsewhere they may take there.
    """

    name: str
    capabilities: Mapping[str, str | None]
    interval: float
    logs: Path | None = None
    ready_seconds: float = 240.0
    patience: float = 4.0


def placed(context: RunContext, needs: Sequence[str]) -> RunContext:
    """Return the context for a scenario with these needs: on the node apart if only that has them all.

    What is on the node apart is then waited for by its interval, and the other nodes are not seen. Any other
    scenario does not see the node.
    """
    apart = context.apart
    if apart is None:
        return context
    elsewhere = replace(context, unseen=frozenset({apart.name}))
    lacks = [name for name in needs if context.capabilities.get(name, "unknown") is not None]
    if not lacks or any(
        apart.capabilities.get(name, "unknown") is not None for name in _of_nodes(needs, apart)
    ):
        return elsewhere
    if any(name not in apart.capabilities for name in lacks):
        return elsewhere
    return replace(
        context,
        unseen=frozenset(context.nodes),
        patience=apart.patience,
        place=apart.name,
        nodes=[apart.name],
        interval=max(apart.interval, context.interval),
        capabilities={**context.capabilities, **apart.capabilities},
    )


def ran_on(targets: Sequence[Mapping[str, str]], facts: Mapping[str, Any]) -> list[RanOn]:
    """Return the nodes of some containers, with what a run's facts say about them."""
    known = {str(each["name"]): each for each in facts.get("nodes", [])}
    names = sorted({target["node"] for target in targets})
    return [
        RanOn(
            node=name,
            kernel=str(known.get(name, {}).get("kernel", "?")),
            cgroup=str(known.get(name, {}).get("cgroup", "?")),
        )
        for name in names
    ]


def _of_nodes(needs: Sequence[str], apart: NodeApart) -> list[str]:
    """Return the needs that a node has or has not; the others are of the cluster."""
    return [name for name in needs if name in apart.capabilities]
