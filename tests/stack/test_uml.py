"""The worker in user-mode Linux: what it is given, and what is said when it does not come up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.kubernetes.client import Cluster
from harness.kubernetes.set_apart import TAINT
from harness.stack import cni, kind, uml
from harness.stack.engine import Engine
from harness.stack.imageset import UmlFiles
from harness.stack.kubectl import Kubectl

FILES = UmlFiles(root=Path("/cache/root.ext4"), programs=Path("/cache/programs"), key="k")
MARK = "/kind/chaos-harness-owner/x"
KUBELET = {
    "kind": "KubeletConfiguration",
    "authentication": {
        "anonymous": {"enabled": False},
        "x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
    },
    "cgroupDriver": "systemd",
    "clusterDNS": ["10.96.0.10"],
    "failCgroupV1": False,
    "rotateCertificates": True,
    "staticPodPath": "/etc/kubernetes/manifests",
}


@dataclass(frozen=True)
class Containers(Engine):
    """A control plane, and a worker that runs until `ended`."""

    calls: list[list[str]] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)

    def run(self, name: str, args: list[str], *, timeout: float, **options: Any) -> process.Result:
        self.calls.append(args)
        match args:
            case ["container", "inspect", "c-uml"]:
                return _said(json.dumps([_inspected("10.89.0.9", not self.ended)]))
            case ["container", "inspect", _]:
                return _said(json.dumps([_inspected("10.89.0.2", True)]))
            case ["exec", "c-control-plane", "cat", "/var/lib/kubelet/config.yaml"]:
                return _said(yaml.safe_dump(KUBELET))
        return _said(f"output of {args[-1]}")


class Nodes:
    """The API, as far as the worker asks it; `answers` are the worker's node, look by look."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.log: list[str] = []

    def create(self, body: dict[str, Any]) -> None:
        self.log.append(f"create {body['metadata']['name']}")
        self.node = body

    def delete(self, kind: str, name: str) -> None:
        self.log.append(f"delete {kind} {name}")

    def list(self, kind: str) -> list[dict[str, Any]]:
        return [
            {
                "metadata": {"name": "c-control-plane"},
                "spec": {"podCIDR": "10.244.0.0/24"},
                "status": {"addresses": [{"type": "InternalIP", "address": "10.89.0.2"}]},
            },
            {"metadata": {"name": "c-uml"}, "spec": {"podCIDR": "10.244.1.0/24"}, "status": {}},
        ]

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Waits(Kubectl):
    """Waits for nothing."""

    def run(self, name: str, *args: str, timeout: float = 0, **options: Any) -> process.Result:
        return _said("")


def _said(text: str) -> process.Result:
    return process.Result(0, text, "", 0.0)


def _inspected(address: str, running: bool) -> dict[str, Any]:
    return {
        "Config": {"Image": "localhost/node:1"},
        "NetworkSettings": {"Networks": {"kind": {"IPAddress": address}}},
        "State": {"Running": running},
    }


READY = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}


@pytest.fixture
def worker(tmp_path: Path) -> uml.UmlWorker:
    return uml.UmlWorker("c", Containers("podman", Path("podman")), tmp_path, tmp_path / "logs")


def start(worker: uml.UmlWorker, api: Nodes, cancel: threading.Event | None = None) -> None:
    worker.start(
        FILES, MARK, cast(Cluster, api), Waits(Path("kubectl"), Path("k")), cancel or threading.Event()
    )


def calls(worker: uml.UmlWorker) -> list[list[str]]:
    return cast(Containers, worker.engine).calls


def test_it_joins_in_the_place_of_an_older_one(worker: uml.UmlWorker) -> None:
    api = Nodes(READY)
    start(worker, api)
    assert api.log == ["delete Node c-uml", "create c-uml"]
    assert calls(worker)[0] == ["rm", "--force", "--volumes", "c-uml"]
    assert api.node["spec"]["taints"] == [{"key": TAINT, "effect": "NoSchedule"}]
    routes = [each for each in calls(worker) if "route" in each]
    assert routes == [
        ["exec", "c-control-plane", "ip", "route", "replace", "10.244.1.0/24", "via", "10.89.0.9"]
    ]


def test_its_container_is_found_as_one_of_the_clusters_nodes_and_is_bounded(worker: uml.UmlWorker) -> None:
    start(worker, Nodes(READY))
    (run,) = [each for each in calls(worker) if each[0] == "run"]
    assert {f"--label={each}" for each in kind.labels("c", "worker")} <= set(run)
    assert f"--volume=/dev/null:{MARK}:ro" in run
    assert "--network=kind" in run
    assert f"--tmpfs=/memory:rw,exec,size={uml.MEMORY_MIB + 256}m" in run
    assert run[-2:] == ["localhost/node:1", f"{uml.MEMORY_MIB}M"]
    assert "--privileged" not in run


def test_its_configuration_is_private_and_its_pod_network_is_that_of_the_other_nodes(
    worker: uml.UmlWorker,
) -> None:
    start(worker, Nodes(READY))
    folder = worker.folder / "uml-worker"
    assert folder.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    assert (folder / "conflist").read_text() == cni.conflist("10.244.1.0/24")
    assert "ip route replace 10.244.0.0/24 via 10.89.0.2" in (folder / "network").read_text()
    assert (folder / "settings").read_text() == "name=c-uml\n"


def test_kubelet_is_configured_as_on_the_control_plane_but_for_what_is_not_there() -> None:
    made = yaml.safe_load(uml.kubelet_configuration(yaml.safe_dump(KUBELET)))
    assert made["clusterDNS"] == KUBELET["clusterDNS"]
    assert made["authentication"]["x509"] == {"clientCAFile": "/worker/ca.crt"}
    assert (made["cgroupDriver"], made["cgroupRoot"]) == ("cgroupfs", "/kubelet")
    assert "staticPodPath" not in made


def ended(worker: uml.UmlWorker, cancel: threading.Event) -> None:
    cast(Containers, worker.engine).ended.append(True)


def cancelled(worker: uml.UmlWorker, cancel: threading.Event) -> None:
    cancel.set()


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(ended, "ended before its node was ready"), (cancelled, "was not waited for: another step failed")],
)
def test_one_that_does_not_come_up_says_what_its_console_said(
    worker: uml.UmlWorker, trouble: Callable[[uml.UmlWorker, threading.Event], None], said: str
) -> None:
    cancel = threading.Event()
    trouble(worker, cancel)
    logs = worker.logs / "uml-worker"
    logs.mkdir(parents=True)
    (logs / "console.log").write_bytes(b"first\n" * 50 + b"Kernel panic \xff\n")
    with pytest.raises(InfrastructureError, match=said) as caught:
        start(worker, Nodes({}), cancel)
    assert caught.value.details[-1].startswith("console.log: Kernel panic")
    assert str(logs) in caught.value.next_step


def test_one_that_is_late_is_waited_for(worker: uml.UmlWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uml, "_LOOK_SECONDS", 0)
    api = Nodes({}, {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}, READY)
    start(worker, api)
    assert api.answers == [READY]
