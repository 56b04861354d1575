"""The daemon's own container, as the kubelet tells of it."""

from __future__ import annotations

from typing import ClassVar

from harness.chaosmesh.daemons import COMPONENT, DAEMON
from harness.oracles.asking import asked
from harness.oracles.base import Oracle, Parameters
from harness.oracles.context import OracleContext
from harness.recording.model import Point


class DaemonParameters(Parameters):
    """Attributes: node: only the daemon of this node; all together by default."""

    node: str | None = None


class DaemonRestarts(Oracle):
    """Counts how often containers of chaos-daemon ended by themselves and were started again.

    Only since the scenario began. A pod that was replaced is none of them.
    """

    name: ClassVar[str] = "daemon-restarts"
    summary: ClassVar[str] = (
        "how often chaos-daemon ended by itself since the scenario began, from its pods' status"
    )
    parameters: ClassVar[type[Parameters]] = DaemonParameters
    through: ClassVar[tuple[str, ...]] = (DAEMON,)

    def __init__(self, world: OracleContext) -> None:
        super().__init__(world)
        self._before: dict[str, int] = {}

    def start(self) -> None:
        """Take down how often they had been restarted before."""
        self._before = self._restarts(None)

    def read(self, parameters: DaemonParameters) -> list[Point]:
        """Read the pods' status."""
        with asked():
            found = self._restarts(parameters.node)
        return [Point(value=sum(count - self._before.get(uid, 0) for uid, count in found.items()))]

    def _restarts(self, node: str | None) -> dict[str, int]:
        pods = self.world.cluster.list("Pod", self.world.chaos_mesh_namespace, f"{COMPONENT}={DAEMON}")
        return {
            pod["metadata"]["uid"]: sum(
                int(status.get("restartCount", 0))
                for status in (pod.get("status") or {}).get("containerStatuses") or []
            )
            for pod in pods
            if node in (None, pod["spec"].get("nodeName"))
        }


ORACLES = [DaemonRestarts]
