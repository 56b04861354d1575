"""The workload's pods as the API lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from harness.chaosmesh.workload import WORKLOAD_LABEL, is_ready
from harness.kubernetes.client import Object
from harness.oracles.asking import ContainerTarget, ContainerTargets, InTargets, asked
from harness.oracles.base import OneOf, Oracle, OracleError, Parameters
from harness.recording.model import Point

_PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
"""Kubernetes, core/v1 PodPhase."""


class PodParameters(Parameters):
    """Which of the workload's pods to count.

    Attributes:
        phase: Pending, Running, Succeeded, Failed or Unknown.
        ready: only those that are ready, or only those that are not.
    """

    phase: Annotated[str, OneOf(_PHASES)] | None = None
    ready: bool | None = None


class Pods(Oracle):
    """Counts the workload's pods."""

    name: ClassVar[str] = "pods"
    summary: ClassVar[str] = "pods of the scenario's workload, from the API"
    parameters: ClassVar[type[Parameters]] = PodParameters

    def read(self, parameters: PodParameters) -> list[Point]:
        """List them."""
        count = sum(
            parameters.phase in (None, (pod.get("status") or {}).get("phase"))
            and parameters.ready in (None, is_ready(pod))
            for pod in _workload_pods(self)
        )
        return [Point(value=count)]

    def instead(self, parameters: PodParameters) -> list[str]:
        """Say how each pod is."""
        return [
            f"{pod['metadata']['name']} is {(pod.get('status') or {}).get('phase')}, "
            f"{'ready' if is_ready(pod) else 'not ready'}"
            for pod in _workload_pods(self)
        ]


class RestartParameters(Parameters):
    """Attributes: targets: the containers (`in:`); all of the workload's by default."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    targets: ContainerTargets | None = Field(default=None, alias="in")


class ContainerRestarts(Oracle):
    """Sums the restarts of containers, as the kubelet counts them."""

    name: ClassVar[str] = "container-restarts"
    summary: ClassVar[str] = (
        "restarts of the given containers, or of all of the workload, from the pods' status"
    )
    parameters: ClassVar[type[Parameters]] = RestartParameters

    def read(self, parameters: RestartParameters) -> list[Point]:
        """Read the pods' status."""
        if parameters.targets is None:
            statuses = [status for pod in _workload_pods(self) for status in _statuses(pod)]
        else:
            statuses = _all_of_targets(self, parameters.targets)
        return [Point(value=sum(int(status.get("restartCount", 0)) for status in statuses))]


class ContainerStarted(Oracle):
    """Tells when containers began to run, as the kubelet says: seconds since the epoch, whole ones.

    A container that does not run has no point.
    """

    name: ClassVar[str] = "container-started"
    summary: ClassVar[str] = (
        "when the given containers began to run, in whole seconds since the epoch, from the pods' status"
    )
    parameters: ClassVar[type[Parameters]] = InTargets

    def read(self, parameters: InTargets) -> list[Point]:
        """Read the pods' status."""
        return [
            Point(labels=target.labels(), value=datetime.fromisoformat(running["startedAt"]).timestamp())
            for target, status in _of_targets(self, parameters.targets)
            if (running := (status.get("state") or {}).get("running"))
        ]


class Uids(Parameters):
    """Attributes: since: uids of pods, such as `${workload.uids}`."""

    since: list[str]


class PodUids(Oracle):
    """Counts how many of some pods do not exist any more, also when others took their names."""

    name: ClassVar[str] = "pod-uids"
    summary: ClassVar[str] = "how many of the given pods, by uid, do not exist any more"
    parameters: ClassVar[type[Parameters]] = Uids

    def read(self, parameters: Uids) -> list[Point]:
        """List the pods of the namespace."""
        with asked():
            found = self.world.cluster.list("Pod", self.world.namespace)
        there = {pod["metadata"]["uid"] for pod in found}
        return [Point(value=sum(uid not in there for uid in parameters.since))]


class ImageParameters(InTargets):
    """Attributes: image: a whole reference, or the last part of its repository: `pause`."""

    image: str


class Images(Oracle):
    """Counts the containers that have a certain image, whether it runs or crashes.

    pod-failure leaves the pod's command as it is: what the pause image does not hold cannot be started.
    """

    name: ClassVar[str] = "images"
    summary: ClassVar[str] = "how many of the given containers have the given image, from the pods' status"
    parameters: ClassVar[type[Parameters]] = ImageParameters

    def read(self, parameters: ImageParameters) -> list[Point]:
        """Read the pods' status."""
        count = sum(
            is_image(str(status.get("image")), parameters.image)
            for status in _all_of_targets(self, parameters.targets)
        )
        return [Point(value=count)]

    def instead(self, parameters: ImageParameters) -> list[str]:
        """Say which image each container has."""
        return [
            f"{target} has the image {status.get('image')}"
            for target, status in _of_targets(self, parameters.targets)
        ]


def is_image(reference: str, wanted: str) -> bool:
    """Return whether an image's reference is the wanted one, or is of that name."""
    last = reference.split("@", maxsplit=1)[0].rpartition("/")[2].split(":")[0]
    return wanted in (reference, last)


def _workload_pods(oracle: Oracle) -> list[Object]:
    with asked():
        return oracle.world.cluster.list("Pod", oracle.world.namespace, f"{WORKLOAD_LABEL}=true")


def _all_of_targets(oracle: Oracle, targets: list[ContainerTarget]) -> list[dict[str, Any]]:
    """Return the status of each target.

    Raises:
        OracleError: one is not there: to count it as none would be an answer about another pod's.
    """
    found = _of_targets(oracle, targets)
    there = {target for target, _ in found}
    if gone := [f"{each.pod}/{each.container}" for each in targets if each not in there]:
        raise OracleError(f"there is no container {', '.join(gone)}")
    return [status for _, status in found]


def _of_targets(
    oracle: Oracle, targets: list[ContainerTarget]
) -> list[tuple[ContainerTarget, dict[str, Any]]]:
    found = []
    with asked():
        for target in targets:
            pod = oracle.world.cluster.get("Pod", target.pod, target.namespace)
            found += [
                (target, status) for status in _statuses(pod or {}) if status["name"] == target.container
            ]
    return found


def _statuses(pod: Object) -> list[dict[str, Any]]:
    return list((pod.get("status") or {}).get("containerStatuses") or [])


ORACLES = [Pods, ContainerRestarts, ContainerStarted, PodUids, Images]
