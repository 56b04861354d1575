"""Checks the names in a scenario that stand for something of ours: capabilities, components, known issues."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from harness.actions.names import KnownNames, unknown
from harness.actions.request import Http
from harness.chaosmesh import own_workload, workload
from harness.chaosmesh.capabilities import CAPABILITIES
from harness.chaosmesh.components import COMPONENTS, WORKLOAD
from harness.chaosmesh.known_issues import known_issues
from harness.chaosmesh.own_workload import OwnWorkload
from harness.kubernetes.kinds import CHAOS_MESH_KINDS, kind_of
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Step
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem
from harness.scenario.template import TEMPLATE

_KNOWN = KnownNames(
    components=tuple(COMPONENTS),
    one_each_node=tuple(name for name, each in COMPONENTS.items() if each.kind == "DaemonSet"),
    resources=tuple(kind_of(name).plural for name in CHAOS_MESH_KINDS),
)


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
        problems += _workload(file, scenario.workload.name)
    for index, step in enumerate(scenario.steps):
        at: DocumentPath = ("steps", index, step.action)
        problems += [
            file.problem((*at, *inside), message, better)
            for inside, message, better in step.act.wrong_names(_KNOWN)
        ]
        for place, request in requests_of(file, index, step):
            problems += _recipient(file, place, request)
        for position, expectation in enumerate(step.expect):
            if expectation.known_issue is not None:
                issue: DocumentPath = ("steps", index, "expect", position, "known_issue", "id")
                problems += _unknown(file, issue, "known issue", expectation.known_issue.id, known_issues())
    return problems


def _workload(file: ScenarioFile, name: str) -> Iterator[Problem]:
    """Yield what is wrong with a workload: there is none, or two, or its manifests may not be applied."""
    folder, is_ours = own_workload.find(name, file.path), workload.is_there(name)
    if folder is None and not is_ours:
        known = [*workload.names(), *own_workload.names(file.path)]
        yield from _unknown(file, ("workload",), "workload", name, known)
    elif folder is not None and is_ours:
        message = f"`{name}` is a workload of the harness, too; give the folder {folder} another name"
        yield file.problem(("workload",), message)
    elif folder is not None:
        yield from OwnWorkload(folder).problems


def requests_of(file: ScenarioFile, index: int, step: Step) -> Iterator[tuple[DocumentPath, Http]]:
    """Yield the requests that a step sends, each with its place; one may be written without a list."""
    at: DocumentPath = ("steps", index, step.action)
    listed = isinstance(file.data["steps"][index][step.action], list)
    for position, request in enumerate(step.act.requests):
        yield (*at, position) if listed else at, request


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
    for inside, message, better in unknown(at, what, name, known):
        yield file.problem(inside, message, better)
