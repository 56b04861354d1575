"""Finds the Chaos Mesh of a cluster that is not ours, and reads from its objects what it is.

Names, labels and environment variables are those of its chart (helm/chaos-mesh/templates).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.base.errors import UsageError
from harness.chaosmesh import components
from harness.chaosmesh.components import COMPONENTS, DASHBOARD, DNS_SERVER, MANAGER
from harness.chaosmesh.daemons import COMPONENT, DAEMON
from harness.chaosmesh.workload import why_not_ready
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.ready_node import is_ready

_NAME = "app.kubernetes.io/name"
_INSTANCE = "app.kubernetes.io/instance"
_VERSION = "app.kubernetes.io/version"
_CHAOS_MESH = "chaos-mesh"
_GROUP = ".chaos-mesh.org"
_FEATURES = {
    "CLUSTER_SCOPED": "cluster-scoped",
    "ENABLE_FILTER_NAMESPACE": "filter-namespace",
    "ENABLED_CONTROLLERS": "controllers",
    "ENABLED_WEBHOOKS": "webhooks",
    "ENABLE_LEADER_ELECTION": "leader-election",
    "ALLOW_HOST_NETWORK_TESTING": "host-network-testing",
    "POD_FAILURE_PAUSE_IMAGE": "pause-image",
}
"""Environment variables of the controller-manager that say what it does."""
_SECURITY = "SECURITY_MODE"
_RELEASED = re.compile(r"v?\d+\.\d+\.\d+")


class NotThereError(UsageError):
    """Chaos Mesh is not in the cluster, or not all of it, or twice, or cannot be used from here."""


@dataclass(frozen=True)
class FoundComponent:
    """A component of Chaos Mesh.

    Attributes:
        job: its name.
        owner: the Deployment or DaemonSet.
        ready, wanted: numbers of its pods.
    """

    job: str
    owner: Object
    ready: int
    wanted: int

    @property
    def container(self) -> dict[str, Any]:
        """Its first container."""
        found: dict[str, Any] = self.owner["spec"]["template"]["spec"]["containers"][0]
        return found

    def variable(self, name: str) -> str:
        """Return the value of an environment variable; empty when it has none of that name."""
        values = {each["name"]: str(each.get("value", "")) for each in self.container.get("env") or []}
        return values.get(name, "")


@dataclass(frozen=True)
class FoundChaosMesh:
    """The Chaos Mesh of a cluster.

    Attributes:
        namespace: where it is.
        release: of Helm; empty without.
        version: of its images, else of its chart.
        components: by job.
    """

    namespace: str
    release: str
    version: str
    components: dict[str, FoundComponent] = field(default_factory=dict)

    @property
    def replicas(self) -> dict[str, int]:
        """How many pods each component should have."""
        return {job: each.wanted for job, each in self.components.items()}

    @property
    def runtime(self) -> str:
        """The container runtime that the daemons were told to use."""
        container = self.components[DAEMON].container
        words = [str(word) for word in (*(container.get("command") or []), *(container.get("args") or []))]
        for at, word in enumerate(words):
            if word == "--runtime" and at + 1 < len(words):
                return words[at + 1].strip("'\"")
            if word.startswith("--runtime="):
                return word.partition("=")[2].strip("'\"")
        return ""

    @property
    def features(self) -> dict[str, str]:
        """What it is configured to do, from the environment of its containers."""
        manager = self.components[MANAGER]
        found = {name: manager.variable(variable) for variable, name in _FEATURES.items()}
        if DASHBOARD in self.components:
            found["dashboard-security"] = self.components[DASHBOARD].variable(_SECURITY)
        return {name: value for name, value in found.items() if value}


def find(cluster: Cluster) -> FoundChaosMesh | None:
    """Return the Chaos Mesh of a cluster; None when there is nothing of it.

    Raises:
        NotThereError: only parts of it are there, there are two, or it cannot serve scenarios.
        ApiError: the API server refused, or did not answer.
    """
    selector = f"{COMPONENT} in ({', '.join((*COMPONENTS, DNS_SERVER))})"
    owners = [
        found
        for kind in ("Deployment", "DaemonSet")
        for found in cluster.list(kind, label_selector=selector)
        if _labels(found).get(_NAME, _CHAOS_MESH) == _CHAOS_MESH
    ]
    crds = [
        str(found["metadata"]["name"])
        for found in cluster.list("CustomResourceDefinition", timeout=_CRD_SECONDS)
        if str(found["metadata"]["name"]).endswith(_GROUP)
    ]
    managers = [found for found in owners if _labels(found)[COMPONENT] == MANAGER]
    if not managers:
        if not owners and not crds:
            return None
        raise _half(owners, crds)
    if len(managers) > 1:
        raise _two(managers)
    found = _described(managers[0], owners)
    _check(cluster, found, crds)
    return found


_CRD_SECONDS = 30.0


def pods(cluster: Cluster, namespace: str, jobs: Sequence[str]) -> dict[str, list[Object]]:
    """Return the pods of components, by job."""
    return {job: cluster.list("Pod", namespace, f"{COMPONENT}={job}") for job in jobs}


def _described(manager: Object, owners: list[Object]) -> FoundChaosMesh:
    namespace = str(manager["metadata"]["namespace"])
    release = _labels(manager).get(_INSTANCE, "")
    own = [
        found
        for found in owners
        if found["metadata"]["namespace"] == namespace and _labels(found).get(_INSTANCE, "") == release
    ]
    by_job = {_labels(found)[COMPONENT]: _component(found) for found in own}
    image = str(by_job[MANAGER].container.get("image", "")).partition("@")[0]
    tag = image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else ""
    chart = _labels(manager).get(_VERSION, "")
    version = tag if _RELEASED.match(tag) else chart or tag
    helm = (manager["metadata"].get("annotations") or {}).get("meta.helm.sh/release-name", release)
    return FoundChaosMesh(namespace, str(helm), version or "unknown", by_job)


def _component(owner: Object) -> FoundComponent:
    status = owner.get("status") or {}
    if owner["kind"] == "DaemonSet":
        ready, wanted = status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
    else:
        ready, wanted = status.get("readyReplicas", 0), owner["spec"].get("replicas", 1)
    return FoundComponent(_labels(owner)[COMPONENT], owner, int(ready or 0), int(wanted or 0))


def _check(cluster: Cluster, found: FoundChaosMesh, crds: list[str]) -> None:
    missing = [job for job in COMPONENTS if job not in found.components]
    if not crds:
        missing.append("the CRDs")
    if missing:
        raise NotThereError(
            f"Chaos Mesh in the namespace {found.namespace} is incomplete: {', '.join(missing)} missing",
            next_step="install the rest by its chart (the dashboard: dashboard.create=true)",
        )
    for job in (MANAGER, DASHBOARD):
        each = found.components[job]
        if each.wanted < 1 or each.ready < 1:
            raise _not_ready(cluster, found, each)
    if found.components[DAEMON].ready < 1:
        raise _not_ready(cluster, found, found.components[DAEMON])
    if found.features.get("cluster-scoped") == "false":
        target = found.components[MANAGER].variable("TARGET_NAMESPACE")
        raise NotThereError(
            f"Chaos Mesh in the namespace {found.namespace} acts on the namespace {target} only "
            "(clusterScoped=false), and scenarios make namespaces of their own",
            next_step="use a cluster whose Chaos Mesh was installed with clusterScoped=true",
        )
    wrong = [
        f"{COMPONENTS[job].kind} {name}, expected {COMPONENTS[job].name}"
        for job, each in found.components.items()
        if job in COMPONENTS and (name := each.owner["metadata"]["name"]) != COMPONENTS[job].name
    ]
    if wrong:
        raise NotThereError(
            f"components of Chaos Mesh in the namespace {found.namespace} have other names than its chart "
            "gives them",
            next_step="use an installation by the chart",
            details=wrong,
        )


def _not_ready(cluster: Cluster, found: FoundChaosMesh, component: FoundComponent) -> NotThereError:
    owner = components.COMPONENTS[component.job]
    named = f"{owner.kind.lower()} {owner.name}"
    why = _why_not_ready(cluster, found, component)
    return NotThereError(
        f"{component.job} in the namespace {found.namespace} is not ready: {component.ready} of "
        f"{max(component.wanted, 1)} pods: {why[0]}",
        next_step=f"look at it: kubectl --namespace {found.namespace} describe {named}",
        details=why[1:],
    )


def _why_not_ready(cluster: Cluster, found: FoundChaosMesh, component: FoundComponent) -> list[str]:
    """Return why a component has no pod that is ready, what says most first; at least one line."""
    if component.wanted < 1:
        daemon_set = component.owner["kind"] == "DaemonSet"
        return ["no node fits its node selector" if daemon_set else "it is scaled to 0"]
    lines: list[str] = []
    unready = {str(node["metadata"]["name"]) for node in cluster.list("Node") if not is_ready(node)}
    for pod in pods(cluster, found.namespace, [component.job])[component.job]:
        name, node = pod["metadata"]["name"], str((pod.get("spec") or {}).get("nodeName", ""))
        if node in unready:
            lines.append(f"{name}: its node {node} is not ready")
        lines += reversed(why_not_ready(pod))
    return lines or ["it has no pod"]


def _half(owners: list[Object], crds: list[str]) -> NotThereError:
    there = [f"{found['kind']} {_place(found)}" for found in owners]
    there += [f"{len(crds)} CRDs of {_GROUP.removeprefix('.')}"] if crds else []
    return NotThereError(
        "Chaos Mesh is half there: no namespace has its controller-manager",
        next_step="install the rest of it, or remove what is left of it",
        details=[f"found: {', '.join(there)}"],
    )


def _two(managers: list[Object]) -> NotThereError:
    there = [f"{_place(found)} (release {_labels(found).get(_INSTANCE, '?')})" for found in managers]
    return NotThereError(
        f"there are {len(managers)} Chaos Meshes in the cluster, which answer for the same objects",
        next_step="remove all but one",
        details=[f"found: {each}" for each in there],
    )


def _place(found: Object) -> str:
    return f"{found['metadata']['namespace']}/{found['metadata']['name']}"


def _labels(found: Object) -> dict[str, str]:
    return found["metadata"].get("labels") or {}
