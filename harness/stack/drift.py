"""Finds out what is left of a stack, and decides what to do about it.

Whatever runs may have been ended from outside since the last run. An engine goes on saying "Up" of a node
that was killed, so only answers of the cluster itself count.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from harness.base.errors import HarnessError
from harness.chaosmesh.components import DNS_SERVER
from harness.chaosmesh.daemons import DAEMON
from harness.kubernetes.client import Cluster, Object
from harness.stack import chaosmesh, prometheus, uml
from harness.stack.connection import connect
from harness.stack.handle import StackHandle, StackNode
from harness.stack.kind import Container

Part = Literal["chaos-mesh", "prometheus", "grafana", "uml-worker"]

_ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class WantedCluster:
    """What the cluster shall be, as far as a running one can differ from it.

    Attributes:
        uml_key: of the worker in user-mode Linux; empty for none.
    """

    provider: str
    image_key: str
    workers: int
    scrape_interval: float
    configuration: dict[Part, str] = field(default_factory=dict)
    uml_key: str = ""


@dataclass(frozen=True)
class Observed:
    """What is there.

    Attributes:
        containers: the nodes' containers, as the engine tells them.
        api: why the API server does not answer; empty when it does.
        nodes: node to whether it is Ready.
        chaos_mesh: what is wrong with Chaos Mesh, one phrase each.
        prometheus: what is wrong with Prometheus, one phrase each.
    """

    containers: list[Container]
    api: str = ""
    nodes: dict[str, bool] = field(default_factory=dict)
    chaos_mesh: list[str] = field(default_factory=list)
    prometheus: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What to do, and why.

    Attributes:
        action: create (deleting what is there), repair (installing `parts` again) or reuse.
        reasons: for the user; empty when there is nothing to explain.
        parts: what to repair.
    """

    action: Literal["create", "repair", "reuse"]
    reasons: list[str] = field(default_factory=list)
    parts: frozenset[Part] = frozenset()


def decide(handle: StackHandle | None, wanted: WantedCluster, observed: Observed) -> Plan:
    """Return what to do with a cluster."""
    if handle is None:
        left = [container.name for container in observed.containers]
        return Plan(
            "create",
            [f"{', '.join(left)} is there, but no `up` that came to its end is known"] if left else [],
        )
    reasons = [*_changes(handle, wanted), *_ruins(handle, observed)]
    if reasons:
        return Plan("create", reasons)
    parts: set[Part] = set()
    if observed.chaos_mesh:
        parts.add("chaos-mesh")
    if observed.prometheus:
        parts.add("prometheus")
    reasons = [*observed.chaos_mesh, *observed.prometheus]
    if complaint := _uml_worker(handle, wanted, observed):
        parts.add("uml-worker")
        reasons.append(complaint)
    if handle.scrape_interval != wanted.scrape_interval:
        parts.add("prometheus")
        reasons.append(
            f"the scrape interval was {handle.scrape_interval:g} s, not {wanted.scrape_interval:g} s"
        )
    for part, configuration in wanted.configuration.items():
        if part not in parts and handle.configuration.get(part) != configuration:
            parts.add(part)
            reasons.append(f"the configuration of {part} has changed")
    return Plan("repair", reasons, frozenset(parts)) if parts else Plan("reuse")


def observe(handle: StackHandle, containers: list[Container]) -> Observed:
    """Look at a cluster; takes about a second, and at most a few when nothing answers."""
    of_kind = [each for each in containers if each.name != uml.name_of(handle.cluster)]
    if len(of_kind) < len(_of_kind(handle)) or not all(container.running for container in of_kind):
        return Observed(containers)
    try:
        # The first question alone: when nobody answers it, the others would only cost their time-outs.
        cluster = connect(handle)
        nodes = cluster.list("Node", timeout=_ANSWER_SECONDS)
    except HarnessError as error:
        return Observed(containers, api=_reason(error))
    with ThreadPoolExecutor() as pool:
        mesh = pool.submit(_complaints, "Chaos Mesh", lambda: _mesh(cluster, handle))
        own = pool.submit(_complaints, "Prometheus", lambda: _prometheus(cluster, handle))
        return Observed(
            containers,
            nodes={node["metadata"]["name"]: _ready(node) for node in nodes},
            chaos_mesh=mesh.result(),
            prometheus=own.result(),
        )


def workloads_not_ready(there: list[Object], expected: list[str]) -> list[str]:
    """Return what is wrong with the Deployments and DaemonSets of a namespace.

    Args:
        there: all of them.
        expected: the jobs of `harness.stack.chaosmesh.WORKLOADS` that must be there.
    """
    found = {(item["kind"].lower(), item["metadata"]["name"]): item for item in there}
    complaints = []
    for job in expected:
        item = found.get(chaosmesh.WORKLOADS[job])
        if item is None:
            complaints.append(f"{job} is not installed")
            continue
        status = item.get("status", {})
        if item["kind"] == "DaemonSet":
            ready, wanted = status.get("numberReady", 0), status.get("desiredNumberScheduled", 0)
        else:
            ready, wanted = status.get("readyReplicas", 0), item["spec"].get("replicas", 1)
        if ready < max(wanted, 1):
            complaints.append(f"{job}: {ready} of {max(wanted, 1)} ready")
    return complaints


def jobs(handle: StackHandle) -> list[str]:
    """Return the components that a stack has, by the names of their scrape jobs."""
    return [job for job in chaosmesh.WORKLOADS if job != DNS_SERVER or "dns-server" in handle.versions]


def workers(handle: StackHandle) -> int:
    """Return how many nodes kind made besides the control plane."""
    return len(_of_kind(handle)) - 1


def expected_targets(handle: StackHandle) -> dict[str, int]:
    """Return how many targets of each job Prometheus must scrape: one, and a daemon on each node."""
    return {job: len(handle.nodes) if job == DAEMON else 1 for job in [*jobs(handle), "prometheus"]}


def _changes(handle: StackHandle, wanted: WantedCluster) -> list[str]:
    reasons = []
    if handle.provider != wanted.provider:
        reasons.append(f"it was made with {handle.provider}, not {wanted.provider}")
    if handle.image_key != wanted.image_key:
        reasons.append(f"its images are others (key {handle.image_key[:12]}, wanted {wanted.image_key[:12]})")
    if workers(handle) != wanted.workers:
        reasons.append(f"it has {workers(handle)} workers, not {wanted.workers}")
    return reasons


def _ruins(handle: StackHandle, observed: Observed) -> list[str]:
    """Return what cannot be repaired."""
    nodes = _of_kind(handle)
    there = {container.name: container for container in observed.containers}
    gone = [node.name for node in nodes if node.name not in there]
    if gone:
        return [f"{', '.join(gone)} is gone"]
    own = uml.name_of(handle.cluster)
    stopped = [name for name, container in there.items() if not container.running and name != own]
    if stopped:
        return [f"{', '.join(stopped)} was stopped"]
    if observed.api:
        return [f"its API server does not answer: {observed.api}"]
    return [
        f"the node {node.name} is not ready" for node in nodes if not observed.nodes.get(node.name, False)
    ]


def _uml_worker(handle: StackHandle, wanted: WantedCluster, observed: Observed) -> str:
    """Return what is wrong with the worker in user-mode Linux; it is started again, or removed."""
    name = uml.name_of(handle.cluster)
    running = {container.name: container.running for container in observed.containers}
    if not wanted.uml_key:
        return f"the worker {name} is not wanted any more" if handle.uml_key or name in running else ""
    if not handle.uml_key:
        return f"the worker {name} is wanted"
    if handle.uml_key != wanted.uml_key:
        return f"the worker {name} is made from other files now"
    if not running.get(name, False):
        return f"the worker {name} was stopped"
    return "" if observed.nodes.get(name, False) else f"the worker {name} is not ready"


def _of_kind(handle: StackHandle) -> list[StackNode]:
    """Return the nodes that kind made."""
    return [node for node in handle.nodes if node.name != uml.name_of(handle.cluster)]


def _mesh(cluster: Cluster, handle: StackHandle) -> list[str]:
    there = [
        item
        for kind in ("Deployment", "DaemonSet")
        for item in cluster.list(kind, handle.chaos_mesh_namespace, timeout=_ANSWER_SECONDS)
    ]
    return workloads_not_ready(there, jobs(handle))


def _prometheus(cluster: Cluster, handle: StackHandle) -> list[str]:
    """Ask for targets too: scrapes that succeed prove that the components and the pod network work."""
    server = prometheus.client(cluster, timeout=_ANSWER_SECONDS)
    found = server.identity()
    if found != handle.identity:
        return [f"another Prometheus answers ({found or 'without identity'})"]
    return prometheus.not_scraped(server.targets(), expected_targets(handle))


def _complaints(name: str, ask: Callable[[], list[str]]) -> list[str]:
    try:
        return ask()
    except HarnessError as error:
        return [f"{name} does not answer: {_reason(error)}"]


def _ready(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _reason(error: HarnessError) -> str:
    return error.details[-1] if error.details else error.problem
