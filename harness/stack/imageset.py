"""What the two ways to get images (registry, source) both end in; everything after is the same code."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, SecretStr

from harness.base.stand_in import StandIn
from harness.stack.mirror import Mirror


class ImageRef(BaseModel):
    """An image by its three parts, as Helm values want them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    registry: str
    repository: str
    tag: str

    def __str__(self) -> str:
        """Return `registry/repository:tag`; the registry may be empty."""
        return f"{self.registry}/{self.repository}:{self.tag}".lstrip("/")


class UmlFiles(BaseModel):
    """What a worker in user-mode Linux is made of.

    Attributes:
        root: its root file system, an ext4 file; shared by all workers, which write elsewhere.
        programs: the folder of the kernel and what starts it.
        key: a hash over both; a worker made from another one is not reused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: Path
    programs: Path
    key: str


class ImageSet(BaseModel):
    """Programs, images and chart to bring up one stack.

    Attributes:
        mode: how they were got.
        key: a hash over all pins and recipes; a cluster made from another key is not reused.
        node_image: for `kind create cluster --image`; in the engine's storage already (source) or
            pulled by kind (registry).
        archives: image archives to import into every node once it runs; none in registry mode.
        archives_to_load: image archives to hand to every node's containerd once it runs, whatever the
            node image; each a tar, or one that gzip made.
        kind, helm, kubectl: the programs to call.
        promtool: the program to check rules and metrics with; None when it is only in an image.
        kubernetes: the version, such as v1.35.3.
        images: refs by role: controller-manager, daemon, dashboard, dns-server, prometheus, workload, pause;
            grafana where it can be pulled.
        chart: an unpacked chart folder, or the chart's name to be used with `chart_repository`.
        crds: a folder of CRD manifests generated from the API types, to be applied over the
            chart's; None to use the chart's own.
        needs_own_cni: the node image has no default CNI; ours is installed.
        uml: what a worker in user-mode Linux is made of; None without one.
        stand_ins: what is not the real thing, shown wherever results are.
        versions: component to version, for results.
        image_ids: role to the id of its image (`sha256:...`), where it is known. An image with an id is there
            already, or in an archive: it is not pulled.
        image_digests: role to the digest by which a registry served its image, where it is known.
        mirror: the registry that takes the place of all others; None without.
        credentials: registries' credentials in docker's format, for the nodes and Helm; None without.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["registry", "source"]
    key: str
    node_image: str
    archives: list[Path] = []
    archives_to_load: list[Path] = []
    kind: Path
    helm: Path
    kubectl: Path
    promtool: Path | None = None
    kubernetes: str
    images: dict[str, ImageRef]
    chart: str
    chart_repository: str | None = None
    chart_version: str | None = None
    crds: Path | None = None
    image_repository: str | None = None
    etcd_tag: str | None = None
    coredns_tag: str | None = None
    needs_own_cni: bool = False
    uml: UmlFiles | None = None
    stand_ins: list[StandIn] = []
    versions: dict[str, str] = {}
    image_ids: dict[str, str] = {}
    image_digests: dict[str, str] = {}
    mirror: Mirror | None = None
    credentials: SecretStr | None = None
