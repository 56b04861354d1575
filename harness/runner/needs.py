"""Says what a scenario needs beside its own namespaces, and so whether it may run on a cluster of others.

Derived from its steps, its oracles and the catalogue; no list of scenarios is kept anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.actions.deny import Deny
from harness.actions.exec import Exec
from harness.actions.node import Node
from harness.actions.restart import Restart
from harness.actions.scale import Scale
from harness.chaosmesh.catalogue import Catalogue
from harness.chaosmesh.components import WORKLOAD
from harness.chaosmesh.daemons import DAEMON
from harness.oracles.base import oracles
from harness.runner.conflicts import calls_daemon, conflicts_of
from harness.runner.plan import oracles_of
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Scenario


@dataclass(frozen=True)
class SharedUse:
    """What a run may do on a cluster that others use, too.

    Attributes:
        exclusive: nobody else uses Chaos Mesh while the run lasts (`--exclusive`).
        disruption: Chaos Mesh's components may be restarted, scaled and broken (`--allow-disruption`).
        node: why no node may be looked at; empty when the account may.
        roles: why roles may not be changed; empty when the account may.
    """

    exclusive: bool = False
    disruption: bool = False
    node: str = ""
    roles: str = ""


@dataclass(frozen=True)
class ScenarioNeeds:
    """What a scenario needs; each is a reason, and empty when it does not need that.

    Attributes:
        disruption: what it does to Chaos Mesh or to a node.
        exclusive: what it looks at that others change, or why it runs alone.
        node: for what it enters chaos-daemon's containers, or its own.
        roles: what it denies, for which it changes roles.
    """

    disruption: str = ""
    exclusive: str = ""
    node: str = ""
    roles: str = ""

    def refused(self, use: SharedUse) -> str:
        """Return why the scenario does not run on a cluster of others; empty when it runs."""
        if self.disruption and not use.disruption:
            return f"not without --allow-disruption on a cluster of others: it {self.disruption}"
        if self.exclusive and not use.exclusive:
            return f"not without --exclusive on a cluster of others: it {self.exclusive}"
        if self.node and use.node:
            return f"it {self.node}, and {use.node}"
        if self.roles and use.roles:
            return f"it {self.roles}, and {use.roles}"
        return ""


def needs_of(file: ScenarioFile, catalogue: Catalogue) -> ScenarioNeeds:
    """Return what a scenario needs."""
    conflicts = conflicts_of(file, catalogue)
    shared = [f"looks at {each.what}, which others change" for each in conflicts.looks]
    if conflicts.alone:
        shared = [f"runs alone, because {conflicts.alone}"]
    return ScenarioNeeds(
        disruption=next(_disruptions(file.scenario), ""),
        exclusive=next(iter(shared), ""),
        node=next(_of_nodes(file), ""),
        roles=next(_denials(file.scenario), ""),
    )


def _disruptions(scenario: Scenario) -> Iterator[str]:
    for step in scenario.steps:
        match step.act.wanted:
            case Restart(component=component) if component != WORKLOAD:
                yield f"restarts {component}"
            case Scale(component=component) if component != WORKLOAD:
                yield f"scales {component}"
            case Deny():
                yield from _denials(scenario)
            case Node(breaks=breaks) if any(each != WORKLOAD for each in breaks):
                yield f"breaks {DAEMON} on a node"
            case Node(breaks=[], network_of=None, command=[program, *_]):
                yield f"runs `{program}` on a node, and what that changes is not known"


def _denials(scenario: Scenario) -> Iterator[str]:
    for step in scenario.steps:
        if isinstance(step.act.wanted, Deny):
            yield f"denies {step.act.wanted.component} requests of the API server"


def _of_nodes(file: ScenarioFile) -> Iterator[str]:
    for step in file.scenario.steps:
        if isinstance(step.act.wanted, Node):
            yield "runs a command on a node"
        if isinstance(step.act.wanted, Exec):
            yield "runs a command in a container"
    known = oracles()
    for name in sorted(oracles_of(file.scenario)):
        if name in known and DAEMON in known[name].through:
            yield f"asks the oracle {name}, which looks at a node"
    if calls_daemon(file):
        yield f"has chaos for which {DAEMON} starts processes, and its clean-up looks for them on the nodes"
