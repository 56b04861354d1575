"""The actions that call something: HTTP requests to a component, commands in a container."""

from __future__ import annotations

import json
import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.actions.exec import Exec
from harness.actions.node import Node
from harness.actions.request import Http
from harness.base.errors import BoundaryError, UsageError
from harness.base.redaction import redact
from harness.chaosmesh import boundary
from harness.chaosmesh.boundary import Reach
from harness.chaosmesh.components import COMPONENTS, DASHBOARD, WORKLOAD, WORKLOAD_PORT
from harness.chaosmesh.workload import WorkloadHandle
from harness.kubernetes.client import Cluster, ExecResult, HttpAnswer
from harness.kubernetes.errors import ApiError, UnreachableError
from harness.results.scenario import StepProblem
from harness.runner.actions import refuse_outside
from harness.runner.step_failed import StepFailedError
from harness.scenario.template import resolve

MOST_OUTPUT = 2048
"""How much of a command's output a recording holds, bytes."""

_SHOWN = 200
_MOST_READ = 1 << 16
_VERSION_SECONDS = 3.0
_NOT_STARTED = "OCI runtime exec failed"
"""What containerd says when there is no such program; the API server calls that an internal error."""

Where = tuple[str, str, str, int]
"""Resource, namespace, name and port of what is called through the API server's proxy."""


def http(
    cluster: Cluster,
    wanted: Http,
    chaos_mesh_namespace: str,
    workload: WorkloadHandle | None,
    scope: dict[str, Any],
    bounds: Reach,
    is_own: Callable[[str], bool],
) -> dict[str, Any]:
    """Send the requests, one after the other, and return what a recording says about the answers.

    The bodies of answers are not in it: they may hold what an artefact must not.

    Args:
        cluster: that they go through.
        wanted: the requests.
        chaos_mesh_namespace: where its components are.
        workload: the scenario's own.
        scope: for templates.
        bounds: what may be changed through the dashboard.
        is_own: says whether a uid is of an object of the scenario.

    Raises:
        BoundaryError: a request would reach what is not the scenario's own; none was sent.
        StepFailedError: an answer has another status than wanted, is late, or is the API server's own.
        UsageError: there is nothing of that name to be called.
        UnreachableError: the API server itself does not answer.
    """
    to, path = str(resolve(wanted.to, scope)), str(resolve(wanted.path, scope))
    where = _where(to, chaos_mesh_namespace, workload)
    content = resolve(wanted.body, scope)
    body = None if content is None else json.dumps(content).encode()
    headers = {name: str(resolve(value, scope)) for name, value in wanted.headers.items()}
    if body is not None:
        headers = {"Content-Type": "application/json", **headers}
    what = f"{wanted.method} {path}"
    if to == DASHBOARD:
        wrong = boundary.outside_request(wanted.method, path, content, bounds, is_own)
        refuse_outside(f"{what} of {to}", wrong)
    answers: list[HttpAnswer] = []
    began = time.monotonic()
    with cluster.session() as session:
        for number in range(1, wanted.times + 1):
            told = f" (request {number} of {wanted.times})" if wanted.times > 1 else ""
            try:
                answer = cluster.proxy_send(
                    session,
                    *where,
                    path,
                    method=wanted.method,
                    body=body,
                    headers=headers,
                    timeout=wanted.timeout,
                )
            except UnreachableError as error:
                cluster.version(timeout=_VERSION_SECONDS)
                reason = f"{to} did not answer {what} within {wanted.timeout:g} s{told}"
                raise StepFailedError(
                    StepProblem(kind="http", reason=reason, details=error.details)
                ) from error
            if (why := answer.undelivered()) is not None:
                reason = f"{what} did not reach {to}{told}"
                raise StepFailedError(StepProblem(kind="http", reason=reason, details=why.splitlines()))
            if wanted.status not in (None, answer.status):
                reason = f"{to} answered {what} with {answer.status}, not {wanted.status}{told}"
                raise StepFailedError(StepProblem(kind="http", reason=reason, details=_said(answer)))
            answers.append(answer)
    statuses = Counter(str(answer.status) for answer in answers)
    return {
        "to": to,
        "method": wanted.method,
        "path": path,
        "statuses": dict(sorted(statuses.items())),
        "bytes": sum(len(answer.body) for answer in answers),
        "seconds": round(time.monotonic() - began, 3),
    }


def execute(
    cluster: Cluster, wanted: Exec, workload: WorkloadHandle | None, scope: dict[str, Any], bounds: Reach
) -> dict[str, Any]:
    """Run a command in a container; return what a recording says about it.

    Raises:
        StepFailedError: it could not be started, or ended with another exit code or answer than wanted.
        BoundaryError: the container is in another namespace.
        UsageError: `in` is no container.
        UnreachableError: no connection, or no end in time.
    """
    container = container_of(resolve(wanted.in_, scope), workload, bounds)
    argv = [str(resolve(word, scope)) for word in wanted.command]
    what = f"`{shlex.join(argv)}` in {container['pod']}/{container['container']}"
    where = (container["namespace"], container["pod"], container["container"])
    with may_not_start("exec", what):
        result = cluster.exec(*where, argv, wanted.timeout)
    return {"in": container, "command": argv, **checked("exec", what, wanted, result, scope)}


@contextmanager
def may_not_start(action: str, what: str) -> Iterator[None]:
    """Turn a command that could not be started into a failed step."""
    try:
        yield
    except ApiError as error:
        if isinstance(error, UnreachableError) and _NOT_STARTED not in error.message:
            raise
        raise StepFailedError(
            StepProblem(kind=action, reason=f"{what} was not run", details=error.message.splitlines())
        ) from error


def checked(
    action: str, what: str, wanted: Exec | Node, result: ExecResult, scope: dict[str, Any]
) -> dict[str, Any]:
    """Return what a recording says about how a command ended.

    Raises:
        StepFailedError: with another exit code or answer than wanted.
    """
    output = [line for text in (result.stdout, result.stderr) for line in _first(text).splitlines()]
    if result.code != wanted.exit:
        reason = f"{what} ended with {result.code}, not {wanted.exit}"
        raise StepFailedError(StepProblem(kind=action, reason=reason, details=output))
    if wanted.answered is not None:
        answered, right = result.stdout.strip(), str(resolve(wanted.answered, scope)).strip()
        if answered != right:
            reason = f"{what} answered {_short(answered)}, not {_short(right)}"
            raise StepFailedError(StepProblem(kind=action, reason=reason, details=output))
    return {"exit": result.code, "stdout": _first(result.stdout), "stderr": _first(result.stderr)}


def _where(to: str, chaos_mesh_namespace: str, workload: WorkloadHandle | None) -> Where:
    component = COMPONENTS.get(to)
    if component is not None:
        return "services", chaos_mesh_namespace, component.service, component.port
    if workload is not None and to == WORKLOAD:
        return "services", workload.namespace, workload.name, WORKLOAD_PORT
    if workload is not None and to in workload.pods:
        return "pods", workload.namespace, to, WORKLOAD_PORT
    known = [*sorted(COMPONENTS), *([WORKLOAD, *workload.pods] if workload else [])]
    raise UsageError(f"there is nothing named {to!r} to be called", details=[f"there is: {', '.join(known)}"])


def container_of(found: Any, workload: WorkloadHandle | None, bounds: Reach) -> dict[str, str]:
    """Return namespace, pod and container of what `in` stands for.

    Raises:
        BoundaryError: it is in another namespace than the scenario's.
        UsageError: it is no container.
    """
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if isinstance(found, str) and workload is not None:
        found = next((target for target in workload.targets if target["pod"] == found), found)
    keys = ("namespace", "pod", "container")
    if not isinstance(found, dict) or not all(isinstance(found.get(key), str) for key in keys):
        raise UsageError(
            f"this is no container: {found}",
            next_step='write "${NAME.targets[0]}", the name of a pod of the workload, or a mapping with '
            "namespace, pod and container",
        )
    refuse_other_namespace(found["namespace"], f"the container {found['pod']}/{found['container']}", bounds)
    return {key: found[key] for key in keys}


def refuse_other_namespace(namespace: str, what: str, bounds: Reach) -> None:
    """Refuse to look into, or to run something in, what is not the scenario's own.

    Raises:
        BoundaryError: it is in another namespace.
    """
    if not bounds.holds(namespace):
        raise BoundaryError(
            f"{what} is in the namespace {namespace[:80]!r}, which is not the scenario's own",
            next_step="name a container of the scenario, or the other namespace: --allow-namespace NAME",
        )


def _said(answer: HttpAnswer) -> list[str]:
    """Return the beginning of an error's text; an answer that succeeded may hold what nobody shall read."""
    if answer.status < 400:
        return []
    # Redacted before it is cut: half of a secret looks like none.
    return redact(answer.body.decode(errors="replace"))[:_SHOWN].splitlines()


def _first(text: str) -> str:
    return redact(text[:_MOST_READ]).encode()[:MOST_OUTPUT].decode(errors="replace")


def _short(text: str) -> str:
    text = redact(text[:_MOST_READ])
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
