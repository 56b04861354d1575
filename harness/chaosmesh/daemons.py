"""Looks at a node from inside its chaos-daemon's container: it sees all processes, and may enter them.

Nothing of Chaos Mesh's own code is used for it, only the programs of the container.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from harness.base.errors import InfrastructureError
from harness.kubernetes.client import Cluster, ExecResult, NotFoundError, RefusedError

COMPONENT = "app.kubernetes.io/component"
DAEMON = "chaos-daemon"

# In user-mode Linux an exec alone takes seconds.
_EXEC_SECONDS = 30.0


@dataclass(frozen=True)
class Daemon:
    """The chaos-daemon of one node.

    Attributes:
        node: the node's name.
        pod: the daemon's pod.
        container: its container.
        started: when the container started, RFC 3339; another one after a restart.
        command: its command line as the pod's spec has it.
    """

    node: str
    pod: str
    container: str
    started: str
    command: list[str]


class Daemons:
    """The chaos-daemons of a cluster; looked up when needed, and again when one is gone."""

    def __init__(self, cluster: Cluster, chaos_mesh_namespace: str) -> None:
        self._cluster = cluster
        self._namespace = chaos_mesh_namespace
        self._lock = threading.Lock()
        self._found: dict[str, Daemon] = {}

    def all(self) -> list[Daemon]:
        """Return the running daemons by node, freshly looked up; without those on nodes that are not Ready.

        Raises:
            InfrastructureError: there is none.
            ApiError: the API server did not answer.
        """
        pods = self._cluster.list("Pod", self._namespace, f"{COMPONENT}={DAEMON}")
        found = {daemon.node: daemon for pod in pods if (daemon := _daemon(pod))}
        if not found:
            raise InfrastructureError(
                f"no chaos-daemon runs in the namespace {self._namespace}",
                next_step="look at Chaos Mesh's pods: chaos-harness status",
            )
        with self._lock:
            self._found = found
        return [found[node] for node in sorted(found)]

    def nodes(self) -> list[str]:
        """Return the names of the nodes that have a daemon."""
        with self._lock:
            known = sorted(self._found)
        return known or [daemon.node for daemon in self.all()]

    def run(self, node: str, script: str, *arguments: str, timeout: float = _EXEC_SECONDS) -> str:
        """Run a shell script in the daemon's container of a node and return its output.

        Args:
            node: the node's name.
            script: for `sh -c`.
            arguments: its positional parameters.
            timeout: seconds.

        Raises:
            InfrastructureError: no daemon runs there, or the script failed.
            ApiError: the container was not reached.
        """
        result = self.exec(node, ["sh", "-c", script, "sh", *arguments], timeout)
        if result.code != 0:
            raise InfrastructureError(
                f"a look into node {node} failed with exit code {result.code}",
                details=result.stderr.strip().splitlines()[-5:],
            )
        return result.stdout

    def exec(self, node: str, argv: list[str], timeout: float = _EXEC_SECONDS) -> ExecResult:
        """Run a command in the daemon's container of a node and return how it ended.

        Args:
            node: the node's name.
            argv: the program and its arguments.
            timeout: seconds.

        Raises:
            InfrastructureError: no daemon runs there.
            ApiError: the container was not reached, or there is no such program.
        """
        daemon = self._on(node, fresh=False)
        try:
            return self._cluster.exec(self._namespace, daemon.pod, daemon.container, argv, timeout)
        except (NotFoundError, RefusedError):
            # The pod that was known is gone or restarting; the next one has another name.
            daemon = self._on(node, fresh=True)
            return self._cluster.exec(self._namespace, daemon.pod, daemon.container, argv, timeout)

    def _on(self, node: str, *, fresh: bool) -> Daemon:
        with self._lock:
            known = None if fresh else self._found.get(node)
        if known is None:
            known = next((daemon for daemon in self.all() if daemon.node == node), None)
        if known is None:
            raise InfrastructureError(f"no chaos-daemon runs on the node {node}")
        return known


def _daemon(pod: dict[str, Any]) -> Daemon | None:
    if _is_lost(pod):
        return None
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    for container in pod["spec"]["containers"]:
        for status in statuses:
            running = (status.get("state") or {}).get("running")
            if status["name"] == container["name"] == DAEMON and running:
                return Daemon(
                    node=pod["spec"]["nodeName"],
                    pod=pod["metadata"]["name"],
                    container=container["name"],
                    started=running["startedAt"],
                    command=[*(container.get("command") or []), *(container.get("args") or [])],
                )
    return None


def _is_lost(pod: dict[str, Any]) -> bool:
    """Say whether the pod's node is not Ready: its kubelet says nothing, and commands there would hang.

    Kubernetes takes the pods of such a node for not ready, and leaves their containers as they were last
    seen (pkg/controller/nodelifecycle). The daemon has no readiness probe that could say so, too.
    """
    conditions = (pod.get("status") or {}).get("conditions") or []
    told = {found["type"]: found["status"] for found in conditions}
    return told.get("Ready") == "False" and told.get("ContainersReady") == "True"
