"""The configuration for kind, and what is done with the engine's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.stack import kind
from harness.stack.engine import Engine
from harness.stack.imageset import ImageSet

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


class FakeProcess:
    """Stands in for harness.base.process.run; `listed` are the containers, one answer a call."""

    def __init__(self, listed: list[str]) -> None:
        self.listed = listed
        self.calls: list[tuple[list[str], dict[str, str]]] = []

    def __call__(self, name: str, argv: list[str | Path], **options: Any) -> process.Result:
        words = [str(word) for word in argv]
        self.calls.append((words, dict(options.get("env") or {})))
        if words[1] == "ps":
            return process.Result(0, self.listed.pop(0), "", 0.0)
        if words[1] == "delete":
            raise process.CommandError("cannot delete the kind cluster: no end within 90 s")
        return process.Result(0, "volume1\n" if words[1:3] == ["volume", "ls"] else "", "", 0.0)

    def words(self) -> list[str]:
        return [" ".join(words[1:4]) for words, _ in self.calls]


@pytest.fixture
def podman() -> Engine:
    return Engine("podman", Path("/bin/podman"), {"KIND_EXPERIMENTAL_PROVIDER": "podman"})


@pytest.mark.parametrize(
    ("line", "running"),
    [
        ("a\trunning", True),
        ("a\tUp 3 minutes ago", True),
        ("a\texited", False),
        ("a\tExited (137) 1 s ago", False),
    ],
)
def test_states_of_containers(
    line: str, running: bool, podman: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "run", FakeProcess([f"{line}\n"]))
    assert kind.containers("c", podman) == [kind.Container("a", running)]


def test_what_kind_does_not_delete_the_engine_removes(
    podman: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = FakeProcess(["c-control-plane\tUp 1 hour\n", ""])
    monkeypatch.setattr(process, "run", fake)
    program = tmp_path / "kind"
    program.touch()
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.touch()
    kind.delete("c", podman, kind=program, kubeconfig=kubeconfig, logs=tmp_path)
    assert "rm --force --volumes" in fake.words()
    assert "volume rm --force" in fake.words()
    assert not kubeconfig.exists()
    assert all(env["KIND_EXPERIMENTAL_PROVIDER"] == "podman" for _, env in fake.calls)


def test_a_container_that_stays_is_named(
    podman: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    line = "c-control-plane\tUp 1 hour\n"
    monkeypatch.setattr(process, "run", FakeProcess([line, line]))
    with pytest.raises(InfrastructureError, match="podman does not remove c-control-plane"):
        kind.delete("c", podman, kind=None, kubeconfig=tmp_path / "kubeconfig", logs=tmp_path)
