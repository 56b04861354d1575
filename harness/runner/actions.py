"""The actions of a step: each does one thing to the cluster and returns when it was acknowledged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.actions.restart import Restart
from harness.actions.traffic import Traffic
from harness.base.errors import BoundaryError
from harness.chaosmesh import boundary, denial, phases, rollout
from harness.chaosmesh.boundary import Outside, Reach
from harness.chaosmesh.components import WORKLOAD_PORT, PodGroup
from harness.chaosmesh.rollout import NotReadyError, Rollout
from harness.chaosmesh.workload import WorkloadHandle
from harness.kubernetes import namespaces
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import MalformedError, RefusedError, WaitTimeoutError
from harness.kubernetes.kinds import CHAOS_MESH_API
from harness.kubernetes.leftovers import Deadline, strip_finalizers
from harness.results.scenario import StepProblem
from harness.runner.step_failed import StepFailedError
from harness.scenario.model import Chaos
from harness.scenario.positions import spelled
from harness.scenario.template import resolve

_TRAFFIC_SLACK_SECONDS = 10.0


@dataclass
class Applied:
    """A chaos as the scenario's templates see it, from the moment it is applied.

    Attributes:
        ends: when its duration is over, seconds since the epoch; None when it has none.
        body: what was sent.
    """

    kind: str
    name: str
    namespace: str
    uid: str = ""
    targets: list[dict[str, str]] = field(default_factory=list)
    ends: float | None = None
    body: Object = field(default_factory=dict)

    def scope(self) -> dict[str, Any]:
        """Return what `${<chaos>...}` may refer to."""
        scope: dict[str, Any] = {
            "kind": self.kind,
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
        }
        if self.targets:
            scope["targets"] = self.targets
            scope["node"] = self.targets[0].get("node")
        return scope


@dataclass(frozen=True)
class Sender:
    """Sends a scenario's objects to the API server, and none that reaches what is not the scenario's own.

    Attributes:
        bounds: of the scenario.
        filled: is told where a selector said no namespace, and the object's own was written there.
    """

    cluster: Cluster
    bounds: Reach
    filled: Callable[[str], None] = lambda text: None

    def create(self, body: Object) -> Object:
        """Create an object of Chaos Mesh.

        Raises:
            BoundaryError: it reaches other namespaces; nothing was sent.
            RefusedError: by the API server or the admission webhook.
        """
        metadata = body["metadata"]
        what = f"{body['kind']} {metadata['name']}"
        spec, missing = boundary.with_namespaces(body["spec"], metadata["namespace"])
        refuse_outside(what, boundary.outside_object({**body, "spec": spec}, self.bounds))
        for at in missing:
            self.filled(f"{what}: spec.{spelled(at)} was not given and is [{metadata['namespace']}]")
        return self.cluster.create({**body, "spec": spec})

    def patch(self, kind: str, name: str, namespace: str, change: Object) -> None:
        """Change an object of Chaos Mesh by a JSON merge patch.

        Raises:
            BoundaryError: it would reach other namespaces then; nothing was sent.
            RefusedError: by the API server or the admission webhook.
        """
        if "spec" in change:
            found = self.cluster.get(kind, name, namespace) or {}
            spec = boundary.merged(found.get("spec"), change["spec"])
            wrong = [*boundary.outside(kind, spec, self.bounds), *boundary.unrestricted(spec)]
            at_spec = [Outside(("spec", *each.at), each.message) for each in wrong]
            refuse_outside(f"the patch of {kind} {name}", at_spec)
        self.cluster.patch(kind, name, namespace, change)


def refuse_outside(what: str, wrong: list[Outside]) -> None:
    """Refuse what reaches out of a scenario's bounds.

    Raises:
        BoundaryError: something does.
    """
    if wrong:
        raise BoundaryError(
            f"{what} would reach what is not the scenario's own, and was not sent",
            next_step="select in ${namespace} only, or name the other namespace: --allow-namespace NAME",
            details=[f"{spelled(each.at)}: {each.message}" for each in wrong],
        )


def apply(
    sender: Sender, name: str, chaos: Chaos, namespace: str, labels: dict[str, str], scope: dict[str, Any]
) -> Applied:
    """Create a chaos that the steps call `name`.

    Raises:
        BoundaryError: it reaches other namespaces than the scenario's; nothing was sent.
        StepFailedError: the API server or the admission webhook refused it.
    """
    called = chaos.name or name
    body = {
        "apiVersion": CHAOS_MESH_API,
        "kind": chaos.kind,
        "metadata": {
            "name": called,
            "namespace": namespace,
            "labels": labels,
            "annotations": resolve(chaos.annotations, scope),
        },
        "spec": resolve(chaos.spec, scope),
    }
    with _may_be_refused(f"{chaos.kind} {called}"):
        created = sender.create(body)
    uid = str(created["metadata"]["uid"])
    return Applied(chaos.kind, called, namespace, uid, ends=phases.ends_at(created), body=body)


def delete(cluster: Cluster, applied: Applied) -> None:
    """Delete a chaos; its finalizers then recover what it did.

    Raises:
        StepFailedError: refused.
    """
    with _may_be_refused(f"the deletion of {applied.kind} {applied.name}"):
        cluster.delete(applied.kind, applied.name, applied.namespace)


def pause(cluster: Cluster, applied: Applied, *, paused: bool) -> None:
    """Pause or resume a chaos by its annotation.

    Raises:
        StepFailedError: refused, or the chaos does not exist any more.
    """
    patch = {"metadata": {"annotations": {phases.PAUSE_ANNOTATION: "true" if paused else None}}}
    with _may_be_refused(f"{'pausing' if paused else 'resuming'} {applied.kind} {applied.name}"):
        cluster.patch(applied.kind, applied.name, applied.namespace, patch)


def unstick(cluster: Cluster, applied: Applied, seconds: float) -> None:
    """Remove the finalizers of a chaos that stays in deletion.

    Raises:
        StepFailedError: it does not exist any more, it is not being deleted, or it does not go even so.
    """
    what = f"{applied.kind} {applied.name}"
    found = cluster.get(applied.kind, applied.name, applied.namespace)
    if found is None or "deletionTimestamp" not in found["metadata"]:
        so = "it is gone by itself" if found is None else "it is not being deleted"
        raise StepFailedError(
            StepProblem(kind="action", reason=f"{what} is not stuck in deletion: {so}"), timed=False
        )
    with _may_be_refused(f"the removal of the finalizers of {what}"):
        left = strip_finalizers(cluster, found, Deadline(seconds))
    if not left.forced:
        raise StepFailedError(StepProblem(kind="action", reason=f"{what} is {left.what_was_done}"))


def patch(
    sender: Sender,
    applied: Applied,
    annotations: Mapping[str, str | None],
    spec: Mapping[str, Any],
    scope: dict[str, Any],
) -> None:
    """Change an object's annotations or its spec.

    Raises:
        BoundaryError: it would reach other namespaces then; nothing was sent.
        StepFailedError: refused, or the chaos does not exist any more.
    """
    change: dict[str, Any] = {}
    if annotations:
        change["metadata"] = {"annotations": resolve(dict(annotations), scope)}
    if spec:
        change["spec"] = resolve(dict(spec), scope)
    with _may_be_refused(f"patching {applied.kind} {applied.name}"):
        sender.patch(applied.kind, applied.name, applied.namespace, change)


def remove_namespace(cluster: Cluster, name: str, seconds: float) -> None:
    """Delete a namespace with all that is in it, and wait until it is gone.

    Raises:
        StepFailedError: refused, or not gone within `seconds`.
    """
    with _may_be_refused(f"the deletion of the namespace {name}"):
        namespaces.delete(cluster, name)
    try:
        namespaces.gone(cluster, name, seconds)
    except WaitTimeoutError as late:
        raise StepFailedError(
            StepProblem(
                kind="action",
                reason=f"the namespace {name} is still there after {late.waited:.0f} s",
                details=[reason for item in late.last for reason in namespaces.why_kept(item)],
            )
        ) from late


@contextmanager
def expected_refusal(words: str, title: str) -> Iterator[list[str]]:
    """Turn a refusal with the expected words into the lines of its message, and anything else into a failure.

    Args:
        words: a part of the message.
        title: of the step.

    Raises:
        StepFailedError: the action was not refused, or with other words.
    """
    said: list[str] = []
    try:
        yield said
    except StepFailedError as error:
        problem = error.problem
        if problem.kind != "action" or words not in "\n".join(problem.details):
            reason = f"{problem.reason}, but not with the words `{words}`"
            raise StepFailedError(problem.model_copy(update={"reason": reason}), timed=error.timed) from error
        said += [problem.reason, *problem.details]
        return
    raise StepFailedError(
        StepProblem(kind="action", reason=f"`{title}` was not refused, and should be with `{words}`"),
        timed=False,
    )


@contextmanager
def _may_be_refused(what: str) -> Iterator[None]:
    """Make a refusal a failure of the step; but one of what no webhook has seen is about the scenario."""
    try:
        yield
    except MalformedError as error:
        error.next_step = "correct the scenario; chaos-harness lint knows the fields of Chaos Mesh's objects"
        raise
    except RefusedError as error:
        raise StepFailedError(
            StepProblem(
                kind="action",
                reason=f"{what} was refused (HTTP {error.status} {error.reason})",
                details=error.message.splitlines(),
            ),
            timed=False,
        ) from error


def restart(cluster: Cluster, group: PodGroup, wanted: Restart, scope: dict[str, Any]) -> Rollout:
    """Delete the pods of a component, or of the workload.

    Raises:
        StepFailedError: refused.
        InfrastructureError: there are none.
    """
    node = None if wanted.node is None else str(resolve(wanted.node, scope))
    with _may_be_refused(f"the restart of {group.job}"):
        return rollout.restart(cluster, group, node=node, grace=wanted.grace, leader=wanted.leader)


def scale(cluster: Cluster, group: PodGroup, replicas: int) -> Rollout:
    """Ask for another number of pods of a component, or of the workload.

    Raises:
        StepFailedError: refused.
        InfrastructureError: what keeps the pods is not there.
    """
    with _may_be_refused(f"scaling {group.job} to {replicas}"):
        return rollout.scale(cluster, group, replicas)


def deny(
    cluster: Cluster, job: str, verbs: Sequence[str], resources: Sequence[str], chaos_mesh_namespace: str
) -> None:
    """Let the API server refuse a component certain requests; return when it does.

    Raises:
        StepFailedError: the roles may not be changed.
        InfrastructureError: there is nothing to deny, or the API server does not refuse it in time.
    """
    with _may_be_refused(f"the change of the roles of {job}"):
        denial.deny(cluster, job, chaos_mesh_namespace, resources, verbs)


def allow(cluster: Cluster, job: str, chaos_mesh_namespace: str) -> None:
    """Allow a component again all that was denied to it; return when the API server does.

    Raises:
        StepFailedError: the roles may not be changed.
        InfrastructureError: the API server does not allow it in time.
    """
    with _may_be_refused(f"the change of the roles of {job}"):
        denial.lift(cluster, chaos_mesh_namespace, job)


def finish(cluster: Cluster, begun: Rollout, seconds: float, chaos_mesh_namespace: str) -> list[Object]:
    """Wait until a restart or a change of scale is done; return the pods.

    Raises:
        StepFailedError: not within `seconds`.
    """
    try:
        return rollout.finish(cluster, begun, seconds, chaos_mesh_namespace)
    except NotReadyError as error:
        raise StepFailedError(
            StepProblem(kind="rollout", reason=error.problem, details=error.details)
        ) from error


def traffic(
    cluster: Cluster, workload: WorkloadHandle, wanted: Traffic, scope: dict[str, Any]
) -> dict[str, Any]:
    """Let one pod of the workload send requests to another; return what it says came of it.

    Raises:
        UsageError: the workload has no such pod.
        StepFailedError: the sender did not answer.
    """
    source, target = str(resolve(wanted.source, scope)), str(resolve(wanted.target, scope))
    # Both are pods of the workload: what is none of its names is an error.
    workload.ip_of(source)
    answer = cluster.proxy_fetch(
        "pods",
        workload.namespace,
        source,
        WORKLOAD_PORT,
        "send",
        params={
            "to": f"{workload.ip_of(target)}:{WORKLOAD_PORT}",
            "count": str(wanted.requests),
            "timeout": str(wanted.timeout),
        },
        timeout=wanted.requests * wanted.timeout + _TRAFFIC_SLACK_SECONDS,
    )
    text = answer.body[:200].decode(errors="replace")
    if answer.status != 200:
        raise StepFailedError(
            StepProblem(kind="traffic", reason=f"{source} answered {answer.status}: {text}")
        )
    try:
        said: dict[str, Any] = json.loads(answer.body)
    except ValueError as error:
        raise StepFailedError(
            StepProblem(kind="traffic", reason=f"{source} answered no JSON: {text}")
        ) from error
    return said
