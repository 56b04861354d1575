"""Performs the actions of steps: the verbs that they are written with, on a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.actions.exec import Exec
from harness.actions.node import Node
from harness.actions.request import Http
from harness.actions.restart import Restart
from harness.actions.traffic import Traffic
from harness.base.errors import InfrastructureError
from harness.chaosmesh import breakage, experiments
from harness.chaosmesh.components import PodGroup, component_pods, workload_pods
from harness.chaosmesh.rollout import Rollout
from harness.kubernetes import namespaces
from harness.kubernetes.client import Cluster
from harness.oracles import archives
from harness.oracles.base import OracleError
from harness.recording.labels import WORKLOAD_JOB
from harness.results.scenario import StepProblem
from harness.runner import actions, calls, nodes
from harness.runner.scenario_context import ScenarioContext
from harness.runner.step_failed import StepFailedError
from harness.scenario.model import Step


class ActionPerformer:
    """Performs the actions of one scenario: what they are given (harness/actions/context.py)."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context
        self._cluster = context.cluster
        self._mesh = context.around.chaos_mesh_namespace
        self._begun: Rollout | None = None

    def perform_or_be_refused(self, step: Step) -> Rollout | None:
        """Perform an action; where the step says `refused`, record with which words it was.

        Returns:
            What it began, if it replaces pods.

        Raises:
            StepFailedError: it failed, or was not refused as it should.
        """
        self._begun = None
        if step.refused is None:
            step.act.perform(self)
        else:
            with actions.expected_refusal(step.refused, step.title()) as said:
                step.act.perform(self)
            self.note("refused", {"said": said})
        return self._begun

    @property
    def namespace(self) -> str:
        """The scenario's own namespace."""
        return self._context.namespace

    @property
    def cluster(self) -> Cluster:
        """The Kubernetes API."""
        return self._cluster

    def resolve(self, value: Any) -> Any:
        """Return a value with its templates resolved, as they are now."""
        return self._context.resolve(value)

    def note(self, text: str, detail: Mapping[str, Any] | None = None) -> None:
        """Record a thing worth knowing."""
        self._context.note(text, detail)

    def failed(
        self, kind: str, reason: str, details: Sequence[str] = (), *, timed: bool = True
    ) -> StepFailedError:
        """Return the error that fails the step."""
        return StepFailedError(StepProblem(kind=kind, reason=reason, details=list(details)), timed=timed)

    def apply(self, chaos: str) -> None:
        """Create a chaos of the scenario."""
        context, defined = self._context, self._context.scenario.chaos[chaos]
        context.applied[chaos] = actions.apply(
            self._sender(),
            chaos,
            defined,
            context.further[defined.namespace] if defined.namespace else context.namespace,
            namespaces.labels(context.around.run),
            context.scope(),
        )

    def delete(self, chaos: str) -> None:
        """Delete a chaos."""
        actions.delete(self._cluster, self._context.applied[chaos])

    def pause(self, chaos: str, *, paused: bool) -> None:
        """Pause or resume a chaos."""
        actions.pause(self._cluster, self._context.applied[chaos], paused=paused)

    def remove_finalizers(self, chaos: str, seconds: float) -> None:
        """Remove the finalizers of a chaos that stays in deletion."""
        actions.unstick(self._cluster, self._context.applied[chaos], seconds)

    def patch(self, chaos: str, annotations: Mapping[str, str | None], spec: Mapping[str, Any]) -> None:
        """Change a chaos."""
        context = self._context
        actions.patch(self._sender(), context.applied[chaos], annotations, spec, context.scope())

    def remove_namespace(self, name: str, seconds: float) -> None:
        """Delete a further namespace, and wait until it is gone."""
        actions.remove_namespace(self._cluster, self._context.further[name], seconds)

    def restart(self, wanted: Restart) -> None:
        """Delete the pods of a component, or of the workload."""
        group, scope = self._group(wanted.component), self._context.scope()
        self._begun = actions.restart(self._cluster, group, wanted, scope)

    def scale(self, component: str, replicas: int) -> None:
        """Ask for another number of pods of a component, or of the workload."""
        self._begun = actions.scale(self._cluster, self._group(component), replicas)

    def replaced(self, component: str, node: str | None) -> None:
        """Let the clean-up not replace pods that are new."""
        context = self._context
        if any(step.act.breaks for step in context.scenario.steps):
            where = None if node is None else str(context.resolve(node))
            breakage.replaced(self._cluster, context.namespace, component, where)

    def deny(self, component: str, verbs: Sequence[str], resources: Sequence[str]) -> None:
        """Deny a component requests; at the end they are allowed, whatever comes."""
        self._context.touched.add(component)
        actions.deny(self._cluster, component, verbs, resources, self._mesh)

    def allow(self, component: str) -> None:
        """Allow a component again what was denied to it."""
        actions.allow(self._cluster, component, self._mesh)

    def traffic(self, wanted: Traffic) -> dict[str, Any]:
        """Let a pod of the workload send requests to another."""
        assert self._context.workload is not None
        return actions.traffic(self._cluster, self._context.workload, wanted, self._context.scope())

    def http(self, wanted: Http) -> dict[str, Any]:
        """Send requests."""
        context = self._context
        scope, bounds = context.scope(), context.bounds()
        return calls.http(self._cluster, wanted, self._mesh, context.workload, scope, bounds, self._is_own)

    def execute(self, wanted: Exec) -> dict[str, Any]:
        """Run a command in a container."""
        context = self._context
        return calls.execute(self._cluster, wanted, context.workload, context.scope(), context.bounds())

    def execute_on_node(self, wanted: Node) -> dict[str, Any]:
        """Run a command on a node."""
        context = self._context
        scope, bounds = context.scope(), context.bounds()
        return nodes.execute(
            self._cluster, wanted, context.namespace, self._mesh, context.workload, scope, bounds
        )

    def _sender(self) -> actions.Sender:
        return actions.Sender(self._cluster, self._context.bounds(), self._context.note)

    def _is_own(self, uid: str) -> bool:
        """Say whether a uid is of an object in the scenario's namespaces, one that is gone too."""
        context = self._context
        if uid in {applied.uid for applied in context.applied.values()}:
            return True
        if experiments.is_there(self._cluster, uid, context.namespaces):
            return True
        try:
            return archives.has(self._cluster, self._mesh, uid, context.namespaces)
        except OracleError as error:
            raise InfrastructureError(
                f"nobody knows whether the uid {uid[:80]!r} is of an object of this scenario: {error}",
                next_step="look at chaos-dashboard's pod; chaos-harness status helps",
            ) from error

    def _group(self, job: str) -> PodGroup:
        """Return the pods of a component; those of Chaos Mesh are made whole at the end, whatever comes."""
        if job == WORKLOAD_JOB:
            assert self._context.workload is not None
            return workload_pods(self._context.workload)
        self._context.touched.add(job)
        return component_pods(job, self._mesh)
