"""The configuration for kind, and what is done with the engine's answers."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.base.errors import InfrastructureError
from harness.stack import kind
from harness.stack.imageset import ImageSet
from harness.stack.mirror import NODE_FOLDER, Mirror
from tests.fakes.engine import FakeEngine

OWN: dict[str, Any] = {
    "mode": "source",
    "key": "k",
    "node_image": "node:1",
    "archives": [Path("/cache/images.tar")],
    "kind": Path("/bin/kind"),
    "helm": Path("/bin/helm"),
    "kubectl": Path("/bin/kubectl"),
    "kubernetes": "v1.35.3",
    "images": {},
    "chart": "chart",
    "image_repository": "registry.example",
    "etcd_tag": "v3.6.5",
    "coredns_tag": "v1.12.4",
    "needs_own_cni": True,
}


def rendered(*, workers: int = 0, cgroup_v1: bool = False, **changes: Any) -> dict[str, Any]:
    text = kind.config(ImageSet.model_validate({**OWN, **changes}), workers=workers, cgroup_v1=cgroup_v1)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def patches(config: dict[str, Any]) -> dict[str, Any]:
    parsed = (yaml.safe_load(text) for text in config["kubeadmConfigPatches"])
    return {patch.pop("kind"): patch for patch in parsed}


def test_our_node_image_names_its_own_control_plane() -> None:
    config = rendered()
    assert config["networking"] == {"podSubnet": "10.244.0.0/16", "disableDefaultCNI": True}
    assert patches(config) == {
        "ClusterConfiguration": {
            "imageRepository": "registry.example",
            "etcd": {"local": {"imageTag": "v3.6.5"}},
            "dns": {"imageTag": "v1.12.4"},
        }
    }


def test_registry_images_are_left_as_they_are() -> None:
    config = rendered(
        mode="registry",
        image_repository=None,
        etcd_tag=None,
        coredns_tag=None,
        needs_own_cni=False,
        archives=[],
    )
    assert patches(config) == {}
    assert "disableDefaultCNI" not in config["networking"]
    assert config["nodes"] == [{"role": "control-plane"}]


def test_kubelet_is_told_to_accept_cgroup_v1_only_there() -> None:
    assert patches(rendered(cgroup_v1=True))["KubeletConfiguration"] == {"failCgroupV1": False}
    assert "KubeletConfiguration" not in patches(rendered())


def test_workers_come_besides_a_control_plane_without_taint() -> None:
    config = rendered(workers=2)
    assert [node["role"] for node in config["nodes"]] == ["control-plane", "worker", "worker"]
    assert patches(config)["InitConfiguration"] == {"nodeRegistration": {"taints": []}}


def test_a_single_node_keeps_the_taint_that_kind_removes() -> None:
    assert "InitConfiguration" not in patches(rendered())


def test_archives_are_mounted_into_every_node() -> None:
    for node in rendered(workers=1)["nodes"]:
        assert node["extraMounts"] == [
            {
                "hostPath": "/cache/images.tar",
                "containerPath": "/kind/more-images/0-images.tar",
                "readOnly": True,
            }
        ]


@pytest.fixture
def podman() -> FakeEngine:
    return FakeEngine("podman", Path("/bin/podman"), {"KIND_EXPERIMENTAL_PROVIDER": "podman"})


@pytest.mark.parametrize(
    ("state", "running"),
    [
        ("running", True),
        ("Up 3 minutes ago", True),
        ("exited", False),
        ("Exited (137) 1 s ago", False),
    ],
)
def test_states_of_containers(state: str, running: bool, podman: FakeEngine) -> None:
    podman.add("c", "a", state=state)
    assert kind.containers("c", podman) == [kind.Container("a", running, podman.id_of("a"))]


def test_only_the_containers_that_are_named_are_removed(podman: FakeEngine, tmp_path: Path) -> None:
    """kind removes whatever has the cluster's name by then."""
    podman.add("c", "c-control-plane")
    ours = kind.containers("c", podman)
    podman.add("c", "c-of-another")
    podman.add("c2", "c2-control-plane")
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.touch()
    kind.delete("c", ours, podman, kubeconfig=kubeconfig, logs=tmp_path)
    assert podman.names() == ["c-of-another", "c2-control-plane"]
    assert podman.volumes == {"c-of-another", "c2-control-plane"}
    assert not kubeconfig.exists()


def test_a_container_that_stays_is_named(podman: FakeEngine, tmp_path: Path) -> None:
    podman.add("c", "c-control-plane", immortal=True)
    with pytest.raises(InfrastructureError, match="podman does not remove c-control-plane"):
        kind.delete(
            "c", kind.containers("c", podman), podman, kubeconfig=tmp_path / "kubeconfig", logs=tmp_path
        )


def test_each_node_bears_the_mark_of_its_owner() -> None:
    config = yaml.safe_load(
        kind.config(ImageSet.model_validate(OWN), workers=1, cgroup_v1=False, mark="/kind/owner/a")
    )
    for node in config["nodes"]:
        assert node["extraMounts"][0] == {
            "hostPath": "/dev/null",
            "containerPath": "/kind/owner/a",
            "readOnly": True,
        }


def test_containerd_of_the_nodes_looks_for_the_mirror_where_it_is_told_of_it() -> None:
    assert "containerdConfigPatches" not in rendered()
    (patch,) = rendered(mirror=Mirror(host="mirror:5000"))["containerdConfigPatches"]
    registry = tomllib.loads(patch)["plugins"]["io.containerd.grpc.v1.cri"]["registry"]
    assert registry == {"config_path": NODE_FOLDER}


def test_the_kubelet_is_given_credentials_of_registries(tmp_path: Path) -> None:
    file = tmp_path / "registries.json"
    images = ImageSet.model_validate({**OWN, "archives": []})
    text = kind.config(images, workers=1, cgroup_v1=False, credentials=file)
    mount = {"hostPath": str(file), "containerPath": "/var/lib/kubelet/config.json", "readOnly": True}
    assert [node["extraMounts"] for node in yaml.safe_load(text)["nodes"]] == [[mount], [mount]]
