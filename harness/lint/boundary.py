"""Checks, without a cluster, that a scenario stays within what is its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from harness.actions.request import Http
from harness.chaosmesh.boundary import Outside, Reach, outside, outside_request
from harness.chaosmesh.components import DASHBOARD, NAMESPACE
from harness.kubernetes.proxy import why_header_refused, why_path_refused
from harness.lint.names import requests_of
from harness.scenario.load import ScenarioFile
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem
from harness.scenario.template import TEMPLATE

_OWN = "own_namespace"
"""Stands for a namespace of the scenario: it is no name that Kubernetes allows, so no other has it."""
_CONTAINER = {"namespace", "pod", "container"}


def check_boundary(file: ScenarioFile, allowed: Collection[str] = ()) -> list[Problem]:
    """Return where a scenario would reach other namespaces, or the API server itself.

    What only a run can tell, because a template stands there, is checked again before anything is sent.

    Args:
        file: the scenario.
        allowed: namespaces of others that it may reach.
    """
    own = tuple(_OWN + name for name in ("", *(f"_{name}" for name in file.scenario.namespaces)))
    bounds = Reach(own, frozenset(allowed), open=True)
    problems = []
    for name, chaos in file.scenario.chaos.items():
        problems += [
            file.problem(("chaos", name, "spec", *wrong.at), wrong.message)
            for wrong in outside(chaos.kind, known(chaos.spec), bounds)
            # Without a place it is about the kind, of which another check tells.
            if wrong.at
        ]
    for index, step in enumerate(file.scenario.steps):
        act = step.act
        if act.chaos is not None and act.changed_spec:
            kind = file.scenario.chaos[act.chaos].kind
            problems += [
                file.problem(("steps", index, act.name, "spec", *wrong.at), wrong.message)
                for wrong in outside(kind, known(act.changed_spec), bounds)
                if wrong.at
            ]
        for at, request in requests_of(file, index, step):
            problems += [file.problem((*at, *wrong.at), wrong.message) for wrong in _request(request, bounds)]
        step_at: DocumentPath = ("steps", index)
        problems += [
            file.problem((*step_at, *wrong.at), wrong.message)
            for wrong in _containers(known(file.data["steps"][index]), (), bounds)
        ]
    return problems


def _request(request: Http, bounds: Reach) -> Iterator[Outside]:
    path = known(request.path)
    if (why := why_path_refused(TEMPLATE.sub("x", path))) is not None:
        yield Outside(("path",), f"the path may lead out of {request.to}: it has {why}")
    for name, value in request.headers.items():
        if (why := why_header_refused(name, TEMPLATE.sub("x", value))) is not None:
            yield Outside(("headers", name), f"the header {name} is not sent: {why}")
    if request.to == DASHBOARD:
        body = known(request.body)
        yield from outside_request(request.method, path, body, bounds, lambda uid: "${" in uid)


def _containers(value: Any, at: tuple[str | int, ...], bounds: Reach) -> Iterator[Outside]:
    """Yield the containers in a step that are in another namespace: of `exec`, `node` and oracles."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _containers(inner, (*at, index), bounds)
    elif isinstance(value, dict):
        if set(value) - {"node"} == _CONTAINER:
            namespace = str(value["namespace"])
            if not bounds.holds(namespace):
                yield Outside(
                    (*at, "namespace"),
                    f"the container is in the namespace {namespace!r}, which is not the scenario's own",
                )
        for key, inner in value.items():
            # What is expected of series has labels, and those of a container among them.
            if key != "series" or (isinstance(inner, dict) and "oracle" in inner):
                yield from _containers(inner, (*at, key), bounds)


def known(value: Any) -> Any:
    """Return a value in which the templates of the scenario's own namespaces are names of ours."""
    if isinstance(value, str):
        return TEMPLATE.sub(_resolved, value)
    if isinstance(value, list):
        return [known(item) for item in value]
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    return value


def _resolved(found: Any) -> str:
    inside = found.group(1) or ""
    if inside in ("namespace", "workload.namespace"):
        return _OWN
    if inside.startswith("namespaces."):
        return f"{_OWN}_{inside.removeprefix('namespaces.')}"
    if inside == "chaos_mesh_namespace":
        return NAMESPACE
    return str(found.group())
