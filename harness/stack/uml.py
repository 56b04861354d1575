"""A worker of the kind cluster with a kernel of its own: user-mode Linux, in a container beside kind's.

The host's kernel may lack what chaos needs (netem, prio, sfq, ebtables, cgroup v2). user-mode Linux is a
kernel that runs as a process; Debian's has it all. Its container has kind's label and the mark of
`harness.stack.ownership`, so that whatever finds and removes the cluster's nodes finds and removes it, too.
The tap device is in the container's network namespace, and its memory is a tmpfs of it: both end with it.

It joins without kubeadm: kind's control plane signs its certificate. Its node has a taint, because whatever
runs there is slow: only pods that name the node come there, and DaemonSets that tolerate it.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.base.bounded import FileError, read_bytes
from harness.base.errors import InfrastructureError
from harness.base.files import write_whole
from harness.kubernetes.client import Cluster
from harness.kubernetes.ready_node import is_ready
from harness.kubernetes.set_apart import TAINT
from harness.stack import cni, kind
from harness.stack.engine import Engine
from harness.stack.imageset import UmlFiles
from harness.stack.kubectl import Kubectl

SCRAPE_SECONDS = 10.0
"""The least scrape interval of what runs there: a scrape of chaos-daemon takes seconds.

Chaos Mesh goes on with a scrape that Prometheus gave up: with too short an interval they pile up.
"""

MEMORY_MIB = 3072
_OF_THE_KERNEL_MIB = 256
"""What user-mode Linux keeps besides in the same tmpfs."""

_CPU_SHARES = 4096
"""Four times what any other container has; it uses one CPU at most."""

_LOGS = "uml-worker"
_RUN_SECONDS = 60.0
_EXEC_SECONDS = 30.0
_CIDR_SECONDS = 60.0
_READY_SECONDS = 300.0
_LOOK_SECONDS = 1.0
_LAST_LINES = 8
# A runtime that answers late is no reason to give a pod up.
_RUNTIME_TIMEOUT = "5m0s"


@dataclass(frozen=True)
class UmlWorker:
    """The worker of one cluster.

    Attributes:
        cluster: the kind cluster's name.
        engine: has its container.
        folder: the cluster's state folder; its configuration, with a private key, is in a folder below.
        logs: the folder for logs; its own are in a folder below.
    """

    cluster: str
    engine: Engine
    folder: Path
    logs: Path

    @property
    def name(self) -> str:
        """The name of the container and of the node."""
        return name_of(self.cluster)

    def start(
        self, files: UmlFiles, mark: str, control_plane: Cluster, kubectl: Kubectl, cancel: threading.Event
    ) -> None:
        """Start it in place of one that is there, and wait until its node is Ready.

        Args:
            files: what it is made of.
            mark: of `harness.stack.ownership`.
            control_plane: the cluster's API.
            kubectl: likewise.
            cancel: ends the wait.

        Raises:
            CommandError: a command failed.
            InfrastructureError: it ended, or its node is not Ready in time; names its logs.
        """
        self.remove(control_plane)
        control_plane.create(_node(self.name))
        kubectl.run(
            f"wait for the pod addresses of {self.name}",
            "wait",
            "nodes",
            "--all",
            "--for=jsonpath={.spec.podCIDR}",
            f"--timeout={_CIDR_SECONDS:.0f}s",
            timeout=_CIDR_SECONDS + 5,
        )
        nodes = control_plane.list("Node")
        pods = next(node["spec"]["podCIDR"] for node in nodes if node["metadata"]["name"] == self.name)
        others = cni.networks([node for node in nodes if node["metadata"]["name"] != self.name])
        self._write_configuration(pods, others)
        self._run(files, mark)
        address = self._address()
        for other in others:
            self._exec(
                f"connect {other.name} with {self.name}",
                other.name,
                ["ip", "route", "replace", pods, "via", address],
            )
        self._wait_ready(control_plane, cancel)

    def remove(self, control_plane: Cluster | None) -> None:
        """Remove its container, whatever state it is in, and its node where there is an API."""
        self.engine.run(
            f"remove the container {self.name}",
            ["rm", "--force", "--volumes", self.name],
            timeout=_RUN_SECONDS,
            check=False,
        )
        if control_plane is not None:
            control_plane.delete("Node", self.name)

    def _write_configuration(self, pods: str, others: list[cni.NodeNetwork]) -> None:
        config = self.folder / _LOGS
        config.mkdir(mode=0o700, exist_ok=True)
        logs_in(self.logs).mkdir(parents=True, exist_ok=True)
        own = cni.NodeNetwork(self.name, "", pods)
        user = [
            "kubeadm",
            "kubeconfig",
            "user",
            f"--client-name=system:node:{self.name}",
            "--org=system:nodes",
        ]
        texts = {
            "kubeconfig": self._of_control_plane("the worker's certificate", user),
            "ca.crt": self._of_control_plane("the CA", ["cat", "/etc/kubernetes/pki/ca.crt"]),
            "resolv.conf": self._of_control_plane("the resolver", ["cat", "/kind/resolv.conf"]),
            "kubelet.yaml": kubelet_configuration(
                self._of_control_plane("kubelet's configuration", ["cat", "/var/lib/kubelet/config.yaml"])
            ),
            "conflist": cni.conflist(pods),
            "network": cni.commands(own, others),
            "settings": f"name={self.name}\n",
        }
        for name, text in texts.items():
            write_whole(config / name, text)

    def _of_control_plane(self, what: str, argv: list[str]) -> str:
        return self._exec(f"read {what} from the control plane", self._control_plane, argv)

    def _exec(self, name: str, node: str, argv: list[str]) -> str:
        return self.engine.run(name, ["exec", node, *argv], timeout=_EXEC_SECONDS).stdout

    @property
    def _control_plane(self) -> str:
        return f"{self.cluster}-control-plane"

    def _run(self, files: UmlFiles, mark: str) -> None:
        inspected = self._inspect(self._control_plane)
        network = next(iter(inspected["NetworkSettings"]["Networks"]))
        memory = MEMORY_MIB + _OF_THE_KERNEL_MIB
        volumes = {
            f"{files.programs}:/uml": "ro",
            f"{files.root}:/uml-root/root.ext4": "ro",
            f"{self.folder / _LOGS}:/worker": "rw",
            f"{logs_in(self.logs)}:/worker/logs": "rw",
            f"/dev/null:{mark}": "ro",
        }
        self.engine.run(
            f"start the container {self.name}",
            [
                "run",
                "--detach",
                f"--name={self.name}",
                f"--hostname={self.name}",
                f"--network={network}",
                *(f"--label={label}" for label in kind.labels(self.cluster, "worker")),
                "--device=/dev/net/tun",
                "--cap-add=NET_ADMIN",
                "--cap-add=SYS_PTRACE",
                # It makes address spaces of its own, which the engines' filters of system calls refuse.
                "--security-opt=seccomp=unconfined",
                f"--tmpfs=/memory:rw,exec,size={memory}m",
                *(f"--volume={volume}:{mode}" for volume, mode in volumes.items()),
                "--stop-signal=KILL",
                # A system call is four switches between two processes of the host, each of which would wait.
                f"--cpu-shares={_CPU_SHARES}",
                "--entrypoint=/uml/start",
                inspected["ImageName"] if "ImageName" in inspected else inspected["Config"]["Image"],
                f"{MEMORY_MIB}M",
            ],
            timeout=_RUN_SECONDS,
            log=self.logs / "uml.log",
        )

    def _address(self) -> str:
        networks: dict[str, Any] = self._inspect(self.name)["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["IPAddress"])

    def _inspect(self, container: str) -> dict[str, Any]:
        told = self.engine.run(
            f"look at the container {container}", ["container", "inspect", container], timeout=_EXEC_SECONDS
        )
        found: dict[str, Any] = json.loads(told.stdout)[0]
        return found

    def _wait_ready(
        self,
        control_plane: Cluster,
        cancel: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        until = clock() + _READY_SECONDS
        while True:
            node = control_plane.get("Node", self.name) or {}
            if is_ready(node):
                return
            running = self._inspect(self.name)["State"]["Running"]
            if not running:
                raise self._failed("ended before its node was ready")
            if clock() >= until:
                raise self._failed(f"is no ready node after {_READY_SECONDS:.0f} s")
            if cancel.wait(_LOOK_SECONDS):
                raise self._failed("was not waited for: another step failed")

    def _failed(self, what: str) -> InfrastructureError:
        logs = logs_in(self.logs)
        details: list[str] = []
        for name in ("console.log", "init.log"):
            with contextlib.suppress(FileError):
                lines = read_bytes(logs / name).decode(errors="replace").splitlines()
                details += [f"{name}: {line}" for line in lines[-_LAST_LINES:]]
        return InfrastructureError(
            f"the worker {self.name} in user-mode Linux {what}",
            next_step=f"see {logs}, or leave --uml-worker out",
            details=details,
            log=logs / "console.log",
        )


def name_of(cluster: str) -> str:
    """Return the name of the worker's container and node."""
    return f"{cluster}-uml"


def logs_in(logs: Path) -> Path:
    """Return the folder of the worker's own logs, in that of the cluster's logs."""
    return logs / _LOGS


def kubelet_configuration(of_control_plane: str) -> str:
    """Return the kubelet's configuration for the worker, by the control plane's; both YAML."""
    known: dict[str, Any] = yaml.safe_load(of_control_plane)
    known.pop("staticPodPath", None)
    known["authentication"]["x509"]["clientCAFile"] = "/worker/ca.crt"
    return yaml.safe_dump(
        {
            **known,
            # No systemd is there, and groups are made by the worker's init.
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": "/kubelet",
            "rotateCertificates": False,
            "runtimeRequestTimeout": _RUNTIME_TIMEOUT,
            "resolvConf": "/worker/resolv.conf",
        },
        sort_keys=True,
    )


def _node(name: str) -> dict[str, Any]:
    # Made before kubelet comes: only then are the addresses of its pods known, which its init needs.
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [{"key": TAINT, "effect": "NoSchedule"}]},
    }
