"""Says which scenarios can run at the same time without seeing each other's chaos in what they judge.

What is labelled with a scenario's own namespace is its own. All else is shared: a counter of the daemon's
calls counts those of every scenario. A scenario that looks at something shared takes turns with those that
change it, by the catalogue's word about what changes a metric; so exact increases stay exact. One that
replaces the pods of a component takes turns with those that need the component.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.chaosmesh.calls import METHODS
from harness.chaosmesh.catalogue import Catalogue
from harness.chaosmesh.components import COMPONENTS, DASHBOARD, MANAGER, WORKLOAD
from harness.chaosmesh.daemons import DAEMON
from harness.kubernetes.kinds import EXPERIMENT_KINDS, MADE_FOR, MAKERS
from harness.oracles.base import Oracle, oracles
from harness.prometheus.expression import selectors
from harness.prometheus.matcher import Matcher
from harness.runner.plan import jobs_of, oracles_in, oracles_of
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Expectation, Scenario
from harness.scenario.template import TEMPLATE

_CPU = "the CPU"
_OF_MACHINE = frozenset({_CPU})
"""What all clusters on a machine have together."""
_SMALL_LOAD, _FULL_LOAD = 20, 100
"""Percent of a CPU, for each worker."""
_NO_EXPERIMENTS = frozenset({*MAKERS, "StatusCheck", "WorkflowNode", "PhysicalMachine"})
_EVERYTHING = frozenset({"every-chaos", "requests", *_NO_EXPERIMENTS})
_MAKERS = {kind.lower(): kind for kind in MAKERS}
"""In the spec of a Workflow or a Schedule: what makes experiments in its turn."""
_KINDS = {kind.lower(): kind for kind in EXPERIMENT_KINDS}
_OWN = "${namespace"
_OWN_VALUE = "own-namespace"


@dataclass(frozen=True)
class Shared:
    """Something that a scenario looks at and that is not its own.

    Attributes:
        what: the metric or the oracle.
        touched_by: the operations that change it, as in the catalogue.
        method: of a metric about the daemon's calls only this one; None for all.
        controller: of a metric about controllers only this one; None for all.
    """

    what: str
    touched_by: frozenset[str]
    method: str | None = None
    controller: str | None = None

    def changed_by(self, operations: frozenset[str]) -> bool:
        """Say whether one of the operations changes it."""
        touching = self.touched_by & operations
        if self.method is not None:
            # A kind is touched on by its actions, too, of which perhaps none makes the call.
            return any(self.method in METHODS.get(each, ()) for each in operations)
        if touching and self.controller is not None:
            # Controllers are named after what they reconcile: stresschaos-pipeline, workflow-task-reconciler.
            kind = self.controller.partition("-")[0]
            # What is done to pods for a NetworkChaos is podnetworkchaos' to reconcile.
            return bool({kind, kind.removeprefix("pod")} & {each.lower() for each in operations})
        return bool(touching)


@dataclass(frozen=True)
class Conflicts:
    """What a scenario asks of the cluster.

    Attributes:
        alone: why no other scenario may run at the same time; empty when others may.
        looks: what it looks at and shares with others.
        does: the operations that it performs, as the catalogue names them.
        breaks: the components whose pods it replaces or stops.
        needs: the components that have to run for it.
        uses: what only one scenario at a time can have.
    """

    alone: str = ""
    looks: tuple[Shared, ...] = ()
    does: frozenset[str] = frozenset()
    breaks: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()

    def at(self, place: str) -> Conflicts:
        """Return them with those of a node that is set apart, if it is put on one: it has one slow CPU."""
        return replace(self, uses=self.uses | {f"the node {place}"}) if place else self

    def meets(self, other: Conflicts) -> str:
        """Return why it cannot run at the same time as another; empty when it can."""
        if alone := self.alone or other.alone:
            return f"one runs alone: {alone}"
        for used in sorted(self.uses & other.uses):
            return f"both use {used}"
        for one, another in ((self, other), (other, self)):
            for component in sorted(one.breaks & (another.needs | another.breaks)):
                return f"one breaks {component}, and the other needs it"
            for each in one.looks:
                if each.changed_by(another.does):
                    return f"one looks at {each.what}, and the other changes it"
        return ""

    def meets_elsewhere(self, other: Conflicts) -> str:
        """Return why it cannot run at the same time on another cluster of the same machine; empty if it can.

        What runs alone runs alone there, too: what it changes, or takes, may be the machine's.
        """
        mine, its = (Conflicts(alone=each.alone, uses=each.uses & _OF_MACHINE) for each in (self, other))
        return mine.meets(its)


def conflicts_of(file: ScenarioFile, catalogue: Catalogue) -> Conflicts:
    """Return the conflicts of a scenario.

    A script is only known once it has run, so it runs alone.
    """
    scenario = file.scenario
    asked = [oracles()[name] for name in sorted(oracles_of(scenario)) if name in oracles()]
    does = _operations(scenario, asked)
    looks = shared_by_oracles(each.name for each in asked)
    needs = {component for each in asked for component in each.through}
    # What the dashboard is sent goes past the manager's webhooks, too.
    needs |= {MANAGER} if does - {"requests"} else set()
    needs |= {DAEMON} if does & METHODS.keys() else set()
    needs |= {DASHBOARD} if "requests" in does else set()
    for step in scenario.steps:
        for expectation in step.expect:
            looks += _shared(expectation, catalogue)
            needs |= set(jobs_of(expectation, catalogue)) & COMPONENTS.keys()
    uses = {_CPU} if any(_burns(spec) for _, _, spec in _objects(scenario)) else set()
    # Chaos Mesh takes the children of one for those of another: known issue schedules-of-one-name-mix.
    uses |= {f"a Schedule {name}" for kind, name, _ in _objects(scenario) if kind == "Schedule"}
    return Conflicts(
        alone=_alone(file),
        looks=tuple(looks),
        does=does,
        breaks=frozenset(_broken(scenario)),
        needs=frozenset(needs),
        uses=frozenset(uses),
    )


def shared_by(expectation: Expectation, catalogue: Catalogue) -> list[Shared]:
    """Return what an expectation looks at that others than the scenario can change, its oracles included."""
    return [*_shared(expectation, catalogue), *shared_by_oracles(sorted(oracles_in(expectation)))]


def shared_by_oracles(names: Iterable[str]) -> list[Shared]:
    """Return what oracles look at that others than the scenario can change; unknown ones look at nothing."""
    found = (oracles()[name] for name in names if name in oracles())
    return [
        Shared(f"the oracle {each.name}", frozenset(each.touched_by)) for each in found if each.touched_by
    ]


def calls_daemon(file: ScenarioFile) -> bool:
    """Say whether chaos-daemon may be called for a scenario's chaos; of a script nobody knows."""
    return file.script is not None or bool(_operations(file.scenario, ()) & METHODS.keys())


def operations_of(kind: str, spec: Mapping[str, Any]) -> frozenset[str]:
    """Return what an object of Chaos Mesh does, as the catalogue names what touches a metric."""
    found = set(_kinds(kind, spec))
    return frozenset(found | ({"every-chaos"} if found - _NO_EXPERIMENTS else set()))


def _alone(file: ScenarioFile) -> str:
    """Return why a scenario has to run alone."""
    if file.scenario.alone:
        return file.scenario.alone
    if file.script is not None:
        return "what a script does is not known before"
    for step in file.scenario.steps:
        act = step.act
        if act.alone:
            return act.alone
        for request in act.requests:
            if request.to in (MANAGER, DAEMON):
                return f"it sends requests to {request.to}, which may be scraped at the same time"
    return ""


def _broken(scenario: Scenario) -> Iterator[str]:
    """Yield the components of Chaos Mesh that a scenario stops, changes or replaces the pods of."""
    for step in scenario.steps:
        act = step.act
        replaced = (act.replaces,) if act.replaces is not None else ()
        yield from (component for component in (*replaced, *act.breaks) if component != WORKLOAD)


def _operations(scenario: Scenario, asked: Iterable[type[Oracle]]) -> frozenset[str]:
    """Return what a scenario does, as the catalogue names what touches a metric."""
    requests = [request for step in scenario.steps for request in step.act.requests]
    found = {each for kind, _, spec in _objects(scenario) for each in _kinds(kind, spec)}
    if found - _NO_EXPERIMENTS:
        found.add("every-chaos")
    if "Workflow" in found:
        found.add("StatusCheck")
    if any(request.to == DASHBOARD for request in requests) or any(
        DASHBOARD in each.through for each in asked
    ):
        found.add("requests")
    return frozenset(found)


def _objects(scenario: Scenario) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield kind, name in the cluster and spec of what is applied, or sent to the dashboard to be made."""
    for name, chaos in scenario.chaos.items():
        yield chaos.kind, chaos.name or name, chaos.spec
    for request in (request for step in scenario.steps for request in step.act.requests):
        body = request.body
        if isinstance(body, Mapping) and isinstance(body.get("kind"), str):
            yield body["kind"], str((body.get("metadata") or {}).get("name", "")), body.get("spec") or {}


def _kinds(kind: str, spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield a kind, with its action, and the kinds of what a Schedule or a Workflow makes."""
    yield kind
    if kind in MADE_FOR:
        # It does what that does, whoever made it.
        yield MADE_FOR[kind]
    if isinstance(spec.get("action"), str):
        yield f"{kind}/{spec['action']}"
    if kind in _NO_EXPERIMENTS:
        for made, inner in _made(spec):
            yield from _kinds(made, inner)


def _made(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the experiments in the spec of a Schedule or a Workflow; `stressChaos` holds a StressChaos."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(key, str) and key.endswith("Chaos") and isinstance(inner, Mapping):
                yield _KINDS.get(key.lower(), key), inner
            elif key in _MAKERS and isinstance(inner, Mapping):
                yield _MAKERS[key], inner
            else:
                yield from _made(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _made(inner)


def _burns(value: Any) -> bool:
    """Say whether a spec has stressors that keep a CPU busy."""
    if isinstance(value, Mapping):
        stressors = value.get("stressors")
        if isinstance(stressors, Mapping) and isinstance(cpu := stressors.get("cpu"), Mapping):
            load = cpu.get("load", _FULL_LOAD)
            return not isinstance(load, int) or load > _SMALL_LOAD
        return "stressngStressors" in value or any(_burns(inner) for inner in value.values())
    return isinstance(value, list) and any(_burns(inner) for inner in value)


def _shared(expectation: Expectation, catalogue: Catalogue) -> Iterator[Shared]:
    """Yield what an expectation looks at that is not labelled with the scenario's namespace."""
    if expectation.promql is None:
        if jobs_of(expectation, catalogue) == [WORKLOAD]:
            # Narrowed to the scenario's own pods when it is resolved.
            return
        found = [(expectation.metric, dict(expectation.where))]
    else:
        # A template stands for a label's value or for a number, and is no PromQL.
        text = TEMPLATE.sub(lambda told: _OWN_VALUE if told[0].startswith(_OWN) else "1", expectation.promql)
        found = selectors(text)
    for name, where in found:
        if any(_is_own(wanted) for wanted in where.values()):
            continue
        metric = catalogue.find(name)
        touched_by = _EVERYTHING if metric is None else frozenset(metric.touched_by)
        # Of a queue, `name` is the controller's.
        controller = where.get("controller", where.get("name") if name.startswith("workqueue_") else None)
        yield Shared(name, touched_by, _fixed(where.get("grpc_method")), _fixed(controller))


def _is_own(wanted: str | Matcher) -> bool:
    """Say whether a matcher lets only what is named after the scenario's namespace be."""
    text = wanted if isinstance(wanted, str) else wanted.matches or ""
    return text.startswith((_OWN, _OWN_VALUE))


def _fixed(wanted: str | Matcher | None) -> str | None:
    return wanted if isinstance(wanted, str) and not TEMPLATE.search(wanted) else None
