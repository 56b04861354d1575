"""Checks the names in a scenario that stand for something of ours: capabilities, components, known issues."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from harness.base.words import meant
from harness.chaosmesh import workload
from harness.chaosmesh.capabilities import CAPABILITIES
from harness.chaosmesh.components import COMPONENTS, WORKLOAD
from harness.chaosmesh.known_issues import known_issues
from harness.kubernetes.kinds import CHAOS_MESH_KINDS, kind_of
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Http, Step
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem
from harness.scenario.template import TEMPLATE

RESOURCES = tuple(kind_of(name).plural for name in CHAOS_MESH_KINDS)
"""What can be denied: the resources of the API group chaos-mesh.org that the harness handles."""


def check_names(file: ScenarioFile) -> list[Problem]:
    """Return the names that nothing stands behind.

    A capability that nobody probes would be missing everywhere, and its scenario skipped for ever.
    """
    scenario = file.scenario
    problems = [
        problem
        for position, name in enumerate(scenario.needs)
        for problem in _unknown(file, ("needs", position), "capability", name, CAPABILITIES)
    ]
    if scenario.workload is not None:
        problems += _unknown(file, ("workload",), "workload", scenario.workload.name, workload.names())
    for index, step in enumerate(scenario.steps):
        problems += _component(file, index, step)
        problems += _denied(file, index, step)
        for position, request in enumerate(step.http or []):
            listed = isinstance(file.data["steps"][index]["http"], list)
            place: DocumentPath = ("steps", index, "http", position) if listed else ("steps", index, "http")
            problems += _recipient(file, place, request)
        for position, expectation in enumerate(step.expect):
            if expectation.known_issue is not None:
                at = ("steps", index, "expect", position, "known_issue", "id")
                problems += _unknown(file, at, "known issue", expectation.known_issue.id, known_issues())
    return problems


def _component(file: ScenarioFile, index: int, step: Step) -> Iterator[Problem]:
    if step.node is not None and step.node.node_of is not None:
        at = ("steps", index, "node", "node_of")
        yield from _unknown(file, at, "component", step.node.node_of, COMPONENTS)
    name = step.component
    if name is None:
        return
    at = ("steps", index, step.action, "component")
    yield from _unknown(file, at, "component", name, [*COMPONENTS, WORKLOAD])
    if step.scale is not None and name in COMPONENTS and COMPONENTS[name].kind == "DaemonSet":
        yield file.problem(at, f"`{name}` cannot be scaled: it has one pod on each node")


def _denied(file: ScenarioFile, index: int, step: Step) -> Iterator[Problem]:
    if step.allow is not None:
        yield from _unknown(file, ("steps", index, "allow"), "component", step.allow, COMPONENTS)
    if step.deny is None:
        return
    at: DocumentPath = ("steps", index, "deny")
    yield from _unknown(file, (*at, "component"), "component", step.deny.component, COMPONENTS)
    for position, resource in enumerate(step.deny.resources):
        plural = resource.partition("/")[0]
        yield from _unknown(file, (*at, "resources", position), "resource of Chaos Mesh", plural, RESOURCES)


def _recipient(file: ScenarioFile, at: DocumentPath, request: Http) -> Iterator[Problem]:
    if TEMPLATE.search(request.to):
        return
    name, workload_ = request.to, file.scenario.workload
    if workload_ is not None and re.fullmatch(rf"{re.escape(workload_.name)}-\d+", name):
        return
    yield from _unknown(file, (*at, "to"), "component", name, [*COMPONENTS, WORKLOAD])
    if name in COMPONENTS and request.path.partition("?")[0] == "/metrics":
        message = (
            "two scrapers at once get partial data from Chaos Mesh, so what Prometheus reads meanwhile would "
            "be wrong; expect the metric"
        )
        yield file.problem((*at, "path"), message)


def _unknown(
    file: ScenarioFile, at: DocumentPath, what: str, name: str, known: Collection[str]
) -> Iterator[Problem]:
    if name not in known:
        listed = ", ".join(sorted(known))
        yield file.problem(at, f"there is no {what} `{name}`; there is: {listed}", meant(name, known))
