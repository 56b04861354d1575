"""Processes on the nodes, from /proc."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import ClassVar

from harness.chaosmesh import processes
from harness.oracles.asking import ContainerTarget, InTargets, ThroughDaemon, asked
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
            every = (node for node in self._daemons.nodes() if node not in self.world.left_out)
            nodes = [parameters.node] if parameters.node else list(every)
            return [
                Point(
                    value=sum(len(processes.managed(processes.look(self._daemons, node))) for node in nodes)
                )
            ]

    def instead(self, parameters: ManagedParameters) -> list[str]:
        """Say what each daemon manages."""
        lines = []
        with asked():
            for node in [parameters.node] if parameters.node else self._daemons.nodes():
                managed = processes.managed(processes.look(self._daemons, node))
                programs = (processes.launches(each) or each.program for each in managed)
                lines.append(f"chaos-daemon on {node} manages: {_counted(programs)}")
        return lines


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
        found = {
            (node, process.pid)
            for node, _, running in self._running(parameters.targets)
            for process in running
            if process.program == parameters.named
        }
        return [Point(value=len(found))]

    def instead(self, parameters: ProcessParameters) -> list[str]:
        """Say what runs in each container.

        Raises:
            OracleError: the node of one is not known.
        """
        return [
            f"{container} runs: {_counted(process.program for process in running)}"
            for _, container, running in self._running(parameters.targets)
        ]

    def _running(self, targets: list[ContainerTarget]) -> Iterator[tuple[str, str, list[processes.Process]]]:
        """Yield node, pod/container and what runs in it of all containers of the pods that are there."""
        if lost := [target.pod for target in targets if not target.node]:
            raise OracleError(f"the node of {', '.join(lost)} is not known")
        pods = dict.fromkeys((target.node, target.namespace, target.pod) for target in targets)
        with asked():
            for node in sorted({node for node, _, _ in pods}):
                seen = processes.look(self._daemons, node)
                for at, namespace, name in pods:
                    pod = self.world.cluster.get("Pod", name, namespace) if at == node else None
                    for container, identity in processes.containers_of(pod or {}):
                        yield node, f"{name}/{container}", processes.of_container(seen, identity)


def _counted(programs: Iterable[str]) -> str:
    """Return programs by name, with how many of each where there are several."""
    counts = sorted(Counter(programs).items())
    return ", ".join(name if number == 1 else f"{name} ({number})" for name, number in counts) or "nothing"


ORACLES = [ManagedProcesses, Processes]
