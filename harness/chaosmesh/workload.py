"""Installs the pods that chaos hits: each folder of fixtures/workloads is a workload, found by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from harness.base import bundled
from harness.base.errors import InfrastructureError, UsageError
from harness.chaosmesh import own_workload
from harness.chaosmesh.own_workload import HOLE, OwnWorkload
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import WaitTimeoutError
from harness.kubernetes.set_apart import placed
from harness.scenario.problem import ScenarioError

READY_SECONDS = 60.0
"""How long a workload's pods may take to become ready."""

WORKLOAD_LABEL = "chaos-harness/scrape"
"""The label of every pod of a workload; Prometheus finds them by it."""


_NO_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


class WorkloadNotReadyError(InfrastructureError):
    """A workload's pods did not become ready in time."""


@dataclass(frozen=True)
class WorkloadHandle:
    """A workload that is ready.

    Attributes:
        name: the workload's.
        namespace: where it runs.
        selector: what Chaos Mesh needs to select its pods.
        objects: its pods as they were when they became ready, sorted by name.
        owner: the StatefulSet that keeps them; empty for pods that nothing keeps.
    """

    name: str
    namespace: str
    selector: dict[str, Any]
    objects: list[Object]
    owner: str = ""

    def with_pods(self, pods: list[Object]) -> WorkloadHandle:
        """Return the same workload with other pods: after a restart, or scaled."""
        return replace(self, objects=sorted(pods, key=lambda pod: str(pod["metadata"]["name"])))

    @property
    def pods(self) -> list[str]:
        """The pods' names."""
        return [pod["metadata"]["name"] for pod in self.objects]

    @property
    def targets(self) -> list[dict[str, str]]:
        """The first container of each pod, as oracles take them."""
        return [self._target(pod, pod["spec"]["containers"][0]) for pod in self.objects]

    @property
    def containers(self) -> list[dict[str, str]]:
        """Every container of each pod, as oracles take them."""
        return [self._target(pod, each) for pod in self.objects for each in pod["spec"]["containers"]]

    def _target(self, pod: Object, container: Object) -> dict[str, str]:
        return {
            "namespace": self.namespace,
            "pod": pod["metadata"]["name"],
            "container": container["name"],
            "node": pod["spec"]["nodeName"],
        }

    def ip_of(self, pod: str) -> str:
        """Return a pod's address.

        Raises:
            UsageError: the workload has no such pod.
        """
        for found in self.objects:
            if found["metadata"]["name"] == pod:
                return str(found["status"]["podIP"])
        raise UsageError(
            f"the workload {self.name} has no pod {pod!r}", details=[f"its pods: {', '.join(self.pods)}"]
        )

    def scope(self) -> dict[str, Any]:
        """Return what `${workload...}` may refer to."""
        return {
            "name": self.name,
            "namespace": self.namespace,
            "selector": self.selector,
            "pods": self.pods,
            "targets": self.targets,
            "containers": self.containers,
            "uids": [pod["metadata"]["uid"] for pod in self.objects],
            "image": next((pod["spec"]["containers"][0].get("image", "") for pod in self.objects), ""),
        }


def is_there(name: str) -> bool:
    """Say whether a workload of that name ships with the harness."""
    return (_folder() / name / "workload.yaml").is_file()


def names() -> list[str]:
    """Return the names of the workloads that ship with the harness."""
    return sorted(path.parent.name for path in _folder().glob("*/workload.yaml"))


def install(
    cluster: Cluster,
    name: str,
    namespace: str,
    image: str,
    replicas: int = 1,
    *,
    jvm_image: str = "",
    scenario: Path | None = None,
    timeout: float = READY_SECONDS,
    node: str = "",
) -> WorkloadHandle:
    """Create a workload's objects in an existing namespace and wait until its pods are ready.

    Args:
        cluster: where.
        name: a folder of fixtures/workloads, or of `workloads` beside the scenario.
        namespace: the scenario's own.
        image: a reference that the nodes hold or can pull.
        jvm_image: likewise, for a workload that needs a JRE.
        replicas: number of pods; of a workload without a StatefulSet, the pods are those of its file.
        scenario: the file that names it; None where only those that ship with the harness are meant.
        timeout: seconds that the pods may take to become ready.
        node: where they are to run; empty to let the scheduler choose.

    Raises:
        UsageError: there is no such workload, or something is wrong with it.
        NotReadyError: its pods did not become ready; the details say why.
        ApiError: the API server refused an object.
    """
    objects = manifests(name, namespace, image, replicas, scenario, jvm_image=jvm_image)
    if node:
        objects = [_on(node, body) for body in objects]
    for body in objects:
        cluster.create(body)
    owner = next((body for body in objects if body["kind"] == "StatefulSet"), None)
    if owner is None:
        replicas = sum(body["kind"] == "Pod" for body in objects)
    try:
        pods = cluster.until_all(
            "Pod",
            namespace,
            lambda found: len(found) >= replicas and all(is_ready(pod) for pod in found),
            timeout,
            label_selector=f"{WORKLOAD_LABEL}=true",
        )
    except WaitTimeoutError as late:
        details = [line for pod in late.last for line in why_not_ready(pod)] or ["no pod was created"]
        if without := [each for pod in late.last for each in _images_not_there(pod)]:
            raise InfrastructureError(
                f"the workload {name} is not ready after {late.waited:.0f} s: no node has its image "
                f"{without[0]}, nor can pull it",
                next_step="name one that they have or can pull; for the harness' workloads: --workload-image",
                details=details,
            ) from late
        raise WorkloadNotReadyError(
            f"the workload {name} is not ready after {late.waited:.0f} s",
            next_step=f"look at its pods: kubectl --namespace {namespace} describe pods",
            details=details,
        ) from late
    handle = WorkloadHandle(
        name=name,
        namespace=namespace,
        selector={
            "namespaces": [namespace],
            "labelSelectors": dict(owner["spec"]["selector"]["matchLabels"]) if owner else {"app": name},
        },
        objects=[],
        owner=owner["metadata"]["name"] if owner else "",
    )
    return handle.with_pods(pods)


def manifests(
    name: str,
    namespace: str,
    image: str,
    replicas: int,
    scenario: Path | None = None,
    *,
    jvm_image: str = "",
) -> list[Object]:
    """Return a workload's objects, filled in; for the arguments see `install`.

    Raises:
        UsageError: there is no such workload, or something is wrong with it.
    """
    values: dict[str, Any] = {"namespace": namespace, "image": image, "replicas": replicas}
    if name in names():
        values["jvm_image"] = jvm_image
        folder = _folder() / name

        def ours(hole: str) -> Any:
            return _value(hole, values, lambda file: (folder / file).read_text())

        with (folder / "workload.yaml").open() as file:
            return [_filled(body, ours) for body in yaml.safe_load_all(file) if body]
    found = own_workload.find(name, scenario) if scenario is not None else None
    if found is None:
        raise UsageError(f"unknown workload {name!r}", details=[f"known workloads: {', '.join(names())}"])
    own = OwnWorkload(found)
    if own.problems:
        raise ScenarioError(own.problems)

    def theirs(hole: str) -> Any:
        return _value(hole, values, own.text_of)

    return [own_workload.adapted(_filled(body, theirs), namespace, WORKLOAD_LABEL) for body in own.objects]


def _on(node: str, body: Object) -> Object:
    """Return an object whose pods, if it has any, run on a node."""
    if body["kind"] == "Pod":
        return {**body, "spec": placed(body["spec"], node)}
    template = body.get("spec", {}).get("template")
    if template is None:
        return body
    template = {**template, "spec": placed(template["spec"], node)}
    return {**body, "spec": {**body["spec"], "template": template}}


def is_ready(pod: Object) -> bool:
    """Return whether a pod is ready and not being deleted."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    ready = any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def why_not_ready(pod: Object) -> list[str]:
    """Return what the pod's status says about it not being ready; nothing when it is."""
    if is_ready(pod):
        return []
    name = pod["metadata"]["name"]
    status = pod.get("status") or {}
    lines = [f"{name}: phase {status.get('phase', 'unknown')}"]
    for condition in status.get("conditions") or []:
        told = condition.get("message") or condition.get("reason")
        if condition["status"] != "True" and told:
            lines.append(f"{name}: {condition['type']}: {told}")
    for container in status.get("containerStatuses") or []:
        for state, detail in (container.get("state") or {}).items():
            if state != "running":
                reason, message = detail.get("reason", ""), detail.get("message", "")
                lines.append(f"{name}/{container['name']}: {state} {reason} {message}".rstrip())
    return lines


def _images_not_there(pod: Object) -> list[str]:
    """Return the images that a pod waits for in vain, whatever else the machine has to do."""
    return [
        str(container.get("image"))
        for container in (pod.get("status") or {}).get("containerStatuses") or []
        if ((container.get("state") or {}).get("waiting") or {}).get("reason") in _NO_IMAGE
    ]


def _folder() -> Path:
    return bundled.fixtures() / "workloads"


def _filled(value: Any, value_of: Callable[[str], Any]) -> Any:
    """Fill in the holes; a text that is nothing but a hole takes the value with its type."""
    if isinstance(value, dict):
        return {key: _filled(item, value_of) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, value_of) for item in value]
    if not isinstance(value, str):
        return value
    if whole := HOLE.fullmatch(value):
        return value_of(whole[1])
    return HOLE.sub(lambda hole: str(value_of(hole[1])), value)


def _value(name: str, values: dict[str, Any], text_of: Callable[[str], str]) -> Any:
    if name.startswith("file:"):
        return text_of(name.removeprefix("file:"))
    try:
        return values[name]
    except KeyError:
        raise UsageError(f"${{{name}}} is not known", details=[f"known: {', '.join(values)}"]) from None
