"""What collectors of diagnostics may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.kubernetes.client import Cluster
from harness.prometheus.prometheus import Prometheus
from harness.runner.clock import Clock


@dataclass(frozen=True)
class DiagnosticsContext:
    """A scenario at the moment of a failure.

    Attributes:
        cluster: the Kubernetes API.
        prometheus: the one that scrapes the stack.
        clock: its time.
        chaos_mesh_namespace: where Chaos Mesh runs.
        namespace: the scenario's own.
        seconds: how long ago that began which failed: how far logs reach back.
        targets: the containers that were to be hit, and those of the workload: mappings with namespace, pod,
            container and node.
        metrics: names of the metrics that were not as expected; where none was judged, of all
            that are watched.
        jobs: the scrape jobs that these metrics come from.
        node_logs: the folder with the logs of the node that is set apart; None where there is none.
        infrastructure: it could not be decided, or the infrastructure ended it: Prometheus itself may be why.
    """

    cluster: Cluster
    prometheus: Prometheus
    clock: Clock
    chaos_mesh_namespace: str
    namespace: str
    seconds: float
    targets: list[dict[str, str]] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    infrastructure: bool = False
    node_logs: Path | None = None
