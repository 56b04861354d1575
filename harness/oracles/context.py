"""What an oracle may look at."""

from __future__ import annotations

from dataclasses import dataclass

from harness.kubernetes.client import Cluster


@dataclass(frozen=True)
class OracleContext:
    """The cluster as one scenario sees it.

    Attributes:
        cluster: the Kubernetes API.
        namespace: the scenario's own namespace.
        chaos_mesh_namespace: where Chaos Mesh runs.
        left_out: nodes that the scenario does not look at.
    """

    cluster: Cluster
    namespace: str
    chaos_mesh_namespace: str
    left_out: frozenset[str] = frozenset()
