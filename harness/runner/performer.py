"""Performs the action of a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.base.errors import InfrastructureError
from harness.chaosmesh import breakage, experiments
from harness.chaosmesh.components import PodGroup, component_pods, workload_pods
from harness.chaosmesh.rollout import Rollout
from harness.kubernetes import namespaces
from harness.oracles import archives
from harness.oracles.base import OracleError
from harness.recording.labels import WORKLOAD_JOB
from harness.runner import actions, calls, nodes
from harness.runner.scenario_context import ScenarioContext
from harness.scenario.model import Step


class ActionPerformer:
    """Performs the actions of one scenario."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context
        self._cluster = context.cluster
        self._mesh = context.around.chaos_mesh_namespace

    def perform_or_be_refused(self, step: Step) -> Rollout | None:
        """Perform an action; where the step says `refused`, record with which words it was.

        Raises:
            StepFailedError: it failed, or was not refused as it should.
        """
        if step.refused is None:
            return self.perform(step)
        with actions.expected_refusal(step.refused, step.title()) as said:
            self.perform(step)
        self._context.note("refused", {"said": said})
        return None

    def perform(self, step: Step) -> Rollout | None:
        """Perform an action; return what it began, if it replaces pods.

        Raises:
            StepFailedError: it was refused, or came to something else than wanted.
        """
        context = self._context
        match step.action:
            case "apply":
                assert step.apply is not None
                chaos = context.scenario.chaos[step.apply]
                context.applied[step.apply] = actions.apply(
                    self._sender(),
                    step.apply,
                    chaos,
                    context.further[chaos.namespace] if chaos.namespace else context.namespace,
                    namespaces.labels(context.around.run),
                    context.scope(),
                )
            case "delete" | "pause" | "resume" | "unstick":
                assert step.chaos is not None
                applied = context.applied[step.chaos]
                if step.action == "delete":
                    actions.delete(self._cluster, applied)
                elif step.action == "unstick":
                    actions.unstick(self._cluster, applied, step.bound)
                else:
                    actions.pause(self._cluster, applied, paused=step.action == "pause")
            case "restart" | "scale":
                return self._replace_pods(step)
            case "deny" | "allow":
                self._change_roles(step)
            case "traffic" | "http" | "exec" | "node":
                for answer in self._call(step):
                    context.note(step.action, answer)
            case "patch":
                assert step.patch is not None
                applied = context.applied[step.patch.chaos]
                actions.patch(self._sender(), applied, step.patch, context.scope())
            case "remove_namespace":
                assert step.remove_namespace is not None
                actions.remove_namespace(self._cluster, context.further[step.remove_namespace], step.bound)
            case "wait" | "wait_for":
                pass
        return None

    def note_replaced(self, step: Step) -> None:
        """Let the clean-up not replace what this step has replaced."""
        context = self._context
        if step.restart is not None and any(
            each.node and each.node.breaks for each in context.scenario.steps
        ):
            node = step.restart.node
            where = None if node is None else str(context.resolve(node))
            breakage.replaced(self._cluster, context.namespace, step.restart.component, where)

    def _replace_pods(self, step: Step) -> Rollout:
        assert step.component is not None
        group = self._group(step.component)
        if step.scale is not None:
            return actions.scale(self._cluster, group, step.scale.replicas)
        assert step.restart is not None
        return actions.restart(self._cluster, group, step.restart, self._context.scope())

    def _change_roles(self, step: Step) -> None:
        """Deny a component something, or allow it that again; at the end it is allowed, whatever comes."""
        if step.deny is not None:
            self._context.touched.add(step.deny.component)
            actions.deny(self._cluster, step.deny, self._mesh)
        elif step.allow is not None:
            actions.allow(self._cluster, step.allow, self._mesh)

    def _call(self, step: Step) -> Iterator[dict[str, Any]]:
        """Let something be sent or run; yield what a recording says about each answer."""
        context, cluster, mesh = self._context, self._cluster, self._mesh
        workload, scope, bounds = context.workload, context.scope(), context.bounds()
        if step.traffic is not None:
            assert workload is not None
            yield actions.traffic(cluster, workload, step.traffic, scope)
        elif step.exec is not None:
            yield calls.execute(cluster, step.exec, workload, scope, bounds)
        elif step.node is not None:
            yield nodes.execute(cluster, step.node, context.namespace, mesh, workload, scope, bounds)
        for request in step.http or []:
            yield calls.http(cluster, request, mesh, workload, scope, bounds, self._is_own)

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
