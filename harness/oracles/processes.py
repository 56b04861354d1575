"""Processes on the nodes, from /proc."""

from __future__ import annotations

from typing import ClassVar

from harness.chaosmesh import processes
from harness.oracles.asking import InTargets, ThroughDaemon, asked
from harness.oracles.base import OracleError, Parameters
from harness.recording.model import Point


class ManagedParameters(Parameters):
    """Attributes: node: only this node; all nodes together by default."""

    node: str | None = None


class ManagedProcesses(ThroughDaemon):
    """Counts the commands that chaos-daemon started and still manages."""

    name: ClassVar[str] = "managed-processes"
    summary: ClassVar[str] = (
        "children of chaos-daemon that run stress-ng, memStress, toda or tproxy, from /proc"
    )
    parameters: ClassVar[type[Parameters]] = ManagedParameters
    touched_by: ClassVar[tuple[str, ...]] = ("StressChaos", "IOChaos", "HTTPChaos")

    def read(self, parameters: ManagedParameters) -> list[Point]:
        """Look at one node or at all."""
        with asked():
            nodes = [parameters.node] if parameters.node else self._daemons.nodes()
            return [
                Point(
                    value=sum(len(processes.managed(processes.look(self._daemons, node))) for node in nodes)
                )
            ]


class ProcessParameters(InTargets):
    """Attributes: named: the program's name, such as stress-ng."""

    named: str


class Processes(ThroughDaemon):
    """Counts the processes of a program inside containers: in their cgroup or pid namespace."""

    name: ClassVar[str] = "processes"
    summary: ClassVar[str] = "processes of a program that run inside the given containers, from /proc"
    parameters: ClassVar[type[Parameters]] = ProcessParameters

    def read(self, parameters: ProcessParameters) -> list[Point]:
        """Look at the nodes of the containers.

        Raises:
            OracleError: the node of one is not known: that nothing was seen there would be no answer.
        """
        if lost := [target.pod for target in parameters.targets if not target.node]:
            raise OracleError(f"the node of {', '.join(lost)} is not known")
        found: set[tuple[str, int]] = set()
        with asked():
            for node in sorted({target.node for target in parameters.targets}):
                seen = processes.look(self._daemons, node)
                for target in parameters.targets:
                    pod = self.world.cluster.get("Pod", target.pod, target.namespace)
                    if target.node != node or pod is None:
                        continue
                    found |= {
                        (node, process.pid)
                        for identity in processes.container_ids(pod)
                        for process in processes.of_container(seen, identity)
                        if process.program == parameters.named
                    }
        return [Point(value=len(found))]


ORACLES = [ManagedProcesses, Processes]
