"""What the stack is made of: fixtures/pins.toml, and the go.mod files beside it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from harness.image_build.golang import pinned_version

CHAOS_MESH = "github.com/chaos-mesh/chaos-mesh"
CHAOS_MESH_API = "github.com/chaos-mesh/chaos-mesh/api"
COREDNS = "github.com/coredns/coredns"
DNS_SERVER = "github.com/chaos-mesh/k8s_dns_chaos"
ETCD = "go.etcd.io/etcd/server/v3"
KIND = "sigs.k8s.io/kind"
HELM = "helm.sh/helm/v3"
KUBERNETES = "k8s.io/kubernetes"
PROMETHEUS = "github.com/prometheus/prometheus"


class DebianPins(BaseModel):
    """The suite, and the packages of each root file system besides the base."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: str
    packages: dict[str, list[str]]


class BytemanPins(BaseModel):
    """Byteman's version, and the SHA-256 of each of its jars by the name of its artefact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    sha256: dict[str, str]


class RegistryPins(BaseModel):
    """Images and the chart by version, for machines that reach a registry."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    chaos_mesh: str = Field(alias="chaos-mesh")
    chart_repository: str = Field(alias="chart-repository")
    chaos_mesh_registry: str = Field(alias="chaos-mesh-registry")
    dns_server: str = Field(alias="dns-server")
    kubernetes: str
    node_digest: str = Field(alias="node-digest")
    prometheus: str
    grafana: str
    workload: str
    pause: str


class Pins(BaseModel):
    """All of pins.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    debian: DebianPins
    byteman: BytemanPins
    registry: RegistryPins

    @classmethod
    def load(cls, fixtures: Path) -> Pins:
        """Read pins.toml of the fixtures' folder."""
        return cls.model_validate(tomllib.loads((fixtures / "pins.toml").read_text()))


def version_of(module: str, folder: Path) -> str:
    """Return the version that go.mod in `folder` pins for a module, such as v1.35.3."""
    return pinned_version((folder / "go.mod").read_text(), module)[1]
