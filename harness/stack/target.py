"""Whose the cluster is that a stack is in, and what of the stack the harness installed there."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Origin = Literal["installed", "used"]
"""Whether the harness installed a part, or found it and leaves it as it is."""


class TargetCluster(BaseModel):
    """The cluster that a stack is in.

    Attributes:
        whose: `own` is a kind cluster that the harness made and may delete; `theirs` was named by
            `--context`: nothing of it is created, changed or deleted but what the harness installed.
        chaos_mesh, prometheus: where each part comes from.
        release: of Helm, that Chaos Mesh belongs to; empty when it was not installed by Helm.
        replicas: component to the pods that it should have.
        runtime: the container runtime that chaos-daemon was started with.
        features: what Chaos Mesh is configured to do: name to value, as read from its objects.
        not_ready: nodes that are left out, as they are not Ready.
        node_refused: why the account may not look at nodes; empty when it may.
        roles_refused: why it may not change roles; empty when it may.
        prometheus_url: of a Prometheus that is not reached through the API server.
        prometheus_labels: our name of a label to the one that this Prometheus has in its place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    whose: Literal["own", "theirs"] = "own"
    chaos_mesh: Origin = "installed"
    prometheus: Origin = "installed"
    release: str = ""
    replicas: dict[str, int] = {}
    runtime: str = ""
    features: dict[str, str] = {}
    not_ready: list[str] = []
    node_refused: str = ""
    roles_refused: str = ""
    prometheus_url: str | None = None
    prometheus_labels: dict[str, str] = {}
