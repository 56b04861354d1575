"""A stack that is up: what the rest of the harness needs to know of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from harness.base.stand_in import StandIn
from harness.stack.target import TargetCluster

CgroupVersion = Literal["v1", "v2", "hybrid", "unknown"]


class ServiceAddress(BaseModel):
    """A Service inside the cluster, reached through the API server's service proxy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: str
    name: str
    port: int


class StackNode(BaseModel):
    """One node, as it was when the stack came up.

    Attributes:
        cgroup: `unknown` when the container that is looked from does not show it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kernel: str
    runtime: str
    cgroup: CgroupVersion


class StackHandle(BaseModel):
    """Written to `stack.json` in the cluster's state folder when `up` is done.

    Attributes:
        cluster: the kind cluster's name; the context of a cluster that was there already.
        provider: the engine that was forced on kind; `existing` for a cluster that was there already.
        identity: the value of Prometheus' external label `chaos_harness_stack`, made at `up`.
        workload_image, jvm_image: what workloads run: the one has Python, the other a JRE.
        scrape_interval, scrape_timeout: seconds.
        images: which way the images came.
        image_key: `ImageSet.key` that the cluster was made from.
        image_ids: role to the id of its image, where it is known.
        image_digests: role to the digest by which a registry served its image; of the chart, to its SHA-256.
        capabilities: capability to None when present, or to the reason why it is missing.
        durations: seconds of each step of `up`.
        uml_key: `UmlFiles.key` that the worker in user-mode Linux was made from; empty without one. It is
            the node of the name `harness.stack.uml.name_of`.
        target: whose cluster it is, and what of the stack was there already.
        configuration: part to a hash of what it was configured with; a change of our own manifests or
            values is applied to a running stack by it.
    """

    model_config = ConfigDict(extra="forbid")

    cluster: str
    provider: Literal["docker", "podman", "existing"]
    kubeconfig: Path
    context: str
    identity: str
    prometheus: ServiceAddress
    dashboard: ServiceAddress
    chaos_mesh_namespace: str
    workload_image: str
    jvm_image: str = ""
    scrape_interval: float
    scrape_timeout: float
    images: Literal["registry", "source", "existing"]
    image_key: str
    versions: dict[str, str]
    image_ids: dict[str, str] = {}
    image_digests: dict[str, str] = {}
    stand_ins: list[StandIn]
    nodes: list[StackNode]
    capabilities: dict[str, str | None] = {}
    durations: dict[str, float] = {}
    uml_key: str = ""
    configuration: dict[str, str] = {}
    target: TargetCluster = TargetCluster()
