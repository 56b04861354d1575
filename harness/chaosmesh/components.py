"""The components of Chaos Mesh: which pods each has, what keeps them, and where it answers."""

from __future__ import annotations

from dataclasses import dataclass

from harness.chaosmesh.daemons import COMPONENT, DAEMON
from harness.chaosmesh.workload import WORKLOAD_LABEL, WorkloadHandle
from harness.kubernetes.client import Object
from harness.recording.labels import WORKLOAD_JOB

NAMESPACE = "chaos-mesh"
"""Where the stack has Chaos Mesh."""

MANAGER, DASHBOARD = "controller-manager", "chaos-dashboard"

DNS_SERVER = "chaos-dns-server"
"""Only there when the stack has an image of it; no scenario restarts it or sends it requests."""

WORKLOAD = WORKLOAD_JOB
"""The job of the scenario's own pods; a restart takes it like a component."""

WORKLOAD_PORT = 8080
"""Where the pods of every workload take HTTP requests and each other's UDP, and send traffic when asked."""


@dataclass(frozen=True)
class Component:
    """A component of Chaos Mesh.

    Attributes:
        kind: of the object that keeps its pods.
        name: of that object.
        service: the Service in front of them.
        port: where it takes HTTP requests.
        metrics_port: where it exposes its metrics.
    """

    kind: str
    name: str
    service: str
    port: int
    metrics_port: int


COMPONENTS = {
    MANAGER: Component(
        "Deployment", "chaos-controller-manager", "chaos-mesh-controller-manager", 10080, 10080
    ),
    DAEMON: Component("DaemonSet", "chaos-daemon", "chaos-daemon", 31766, 31766),
    DASHBOARD: Component("Deployment", "chaos-dashboard", "chaos-dashboard", 2333, 2334),
}
"""By the names of their scrape jobs, which are the values of the label app.kubernetes.io/component."""

METRICS_PORTS = {**{job: each.metrics_port for job, each in COMPONENTS.items()}, DNS_SERVER: 9153}
"""Where each component serves /metrics, by the name of its scrape job; the chart's own defaults
(helm/chaos-mesh/values.yaml)."""


@dataclass(frozen=True)
class PodGroup:
    """The pods of one scrape job, and the object that keeps their number.

    Attributes:
        job: the name of the scrape job.
        kind: Deployment, DaemonSet or StatefulSet.
        name: of that object.
        namespace: where all of them are.
        selector: the label selector of the pods.
    """

    job: str
    kind: str
    name: str
    namespace: str
    selector: str

    def instance(self, pod: Object) -> str:
        """Return the `instance` of a pod's target (fixtures/manifests/prometheus.yaml)."""
        name = str(pod["metadata"]["name"])
        return f"{self.namespace}/{name}" if self.job == WORKLOAD else name


def component_pods(job: str, chaos_mesh_namespace: str) -> PodGroup:
    """Return the pods of a component of Chaos Mesh."""
    component = COMPONENTS[job]
    return PodGroup(job, component.kind, component.name, chaos_mesh_namespace, f"{COMPONENT}={job}")


def workload_pods(handle: WorkloadHandle) -> PodGroup:
    """Return the pods of a scenario's workload.

    Their `name` is empty when nothing keeps them; then they can neither be restarted nor scaled.
    """
    return PodGroup(WORKLOAD, "StatefulSet", handle.owner, handle.namespace, f"{WORKLOAD_LABEL}=true")
