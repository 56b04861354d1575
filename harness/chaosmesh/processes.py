"""The processes of a node: which belong to a container, and which chaos-daemon manages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from harness.base.errors import InfrastructureError
from harness.chaosmesh.daemons import Daemons
from harness.kubernetes.client import Object

MANAGED_PROGRAMS = ("stress-ng", "memStress", "toda", "tproxy")
"""What chaos-daemon starts and keeps (Chaos Mesh, pkg/chaosdaemon: stress, iochaos and httpchaos servers)."""

# How it starts them: `nsexec` joins the container's namespaces, `pause` stops the process until it is in its
# cgroup, `choom` sets the OOM score (pkg/bpm/build_linux.go).
_LAUNCHERS = {"pause", "nsexec", "choom"}

# Each grep reads all processes at once: a command a process would take a second on a busy node. A process
# that ends meanwhile is left out of what follows, hence `-s` and the exit code.
_SCRIPT = """
grep -s -H -E '^(Name|PPid|NSpid):' /proc/[0-9]*/status
echo ==cmdline
grep -s -a -H '' /proc/[0-9]*/cmdline
echo ==cgroup
grep -s -H -E ':(memory|pids):|^0::' /proc/[0-9]*/cgroup
echo ==namespace
find /proc/[0-9]*/ns/pid -maxdepth 0 -printf '%p:%l\\n' 2>/dev/null
exit 0
"""

_LINE = re.compile(r"/proc/(\d+)/[a-z/]+:(.*)", re.DOTALL)


@dataclass
class Process:
    """A process of a node.

    Attributes:
        pid: in the node's namespace.
        parent: pid of its parent.
        name: as the kernel has it, at most 15 characters.
        argv: its command line; empty for kernel threads and zombies.
        cgroup: its paths in the hierarchies that tell containers apart, one a line.
        pid_namespace: identity of its pid namespace.
        depth: number of pid namespaces that it is in.
    """

    pid: int
    parent: int = 0
    name: str = ""
    argv: list[str] = field(default_factory=list)
    cgroup: str = ""
    pid_namespace: str = ""
    depth: int = 1

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return PurePosixPath(self.argv[0]).name if self.argv else self.name


def look(daemons: Daemons, node: str) -> dict[int, Process]:
    """Return all processes of a node by pid, from one exec.

    Raises:
        InfrastructureError: the look failed.
    """
    return parse(daemons.run(node, _SCRIPT))


def parse(text: str) -> dict[int, Process]:
    """Parse the script's output."""
    found: dict[int, Process] = {}
    commands: dict[int, str] = {}
    section = "status"
    for line in text.split("\n"):
        if line.startswith("=="):
            section = line.removeprefix("==")
            continue
        match = _LINE.match(line)
        if not match:
            continue
        pid, value = int(match[1]), match[2]
        if section == "status":
            process = found.setdefault(pid, Process(pid))
            key, _, rest = value.partition(":")
            if key == "Name":
                process.name = rest.strip()
            elif key == "PPid":
                process.parent = int(rest)
            else:
                process.depth = len(rest.split())
        elif pid not in found:
            continue
        elif section == "cmdline":
            # An argument with line breaks comes as several lines.
            commands[pid] = f"{commands[pid]}\n{value}" if pid in commands else value
        elif section == "cgroup":
            found[pid].cgroup += value.split(":", 2)[-1] + "\n"
        else:
            found[pid].pid_namespace = value
    for pid, command in commands.items():
        found[pid].argv = command.rstrip("\0").split("\0") if command else []
    return found


def daemon_of(processes: dict[int, Process]) -> Process:
    """Return the chaos-daemon itself.

    Raises:
        InfrastructureError: it is not among the processes.
    """
    for process in processes.values():
        if process.program == "chaos-daemon" and not _is_starting(process, processes):
            return process
    raise InfrastructureError("no process chaos-daemon was found on the node")


def _is_starting(process: Process, processes: dict[int, Process]) -> bool:
    """Say whether it is a child of the daemon's that is about to become another program."""
    parent = processes.get(process.parent)
    return parent is not None and parent.program == process.program


def managed(processes: dict[int, Process]) -> list[Process]:
    """Return the processes that chaos-daemon manages: one for each command that it started and keeps.

    Its direct children that launch or are one of MANAGED_PROGRAMS. What a scrape runs for a moment
    (nsexec with iptables, ipset or tc) is none of them.
    """
    daemon = daemon_of(processes)
    return [process for process in processes.values() if process.parent == daemon.pid and launches(process)]


def launches(process: Process) -> str | None:
    """Return which of MANAGED_PROGRAMS a process is or launches, if any."""
    if process.program in MANAGED_PROGRAMS:
        return process.program
    if process.program in _LAUNCHERS:
        for word in process.argv[1:]:
            if PurePosixPath(word).name in MANAGED_PROGRAMS:
                return PurePosixPath(word).name
    return None


def container_ids(pod: Object) -> list[str]:
    """Return the ids of a pod's containers, without the runtime's name in front."""
    return [identity for _, identity in containers_of(pod)]


def containers_of(pod: Object) -> list[tuple[str, str]]:
    """Return the name and the id of each of a pod's containers that has one, as `container_ids` does."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return [
        (str(status["name"]), str(status["containerID"]).split("://")[-1])
        for status in statuses
        if status.get("containerID")
    ]


def container_ids_by_node(pods: list[Object]) -> list[tuple[str, list[str]]]:
    """Return the nodes of pods, in the order of their names, with the ids of all their containers there."""
    found: dict[str, list[str]] = {}
    for pod in pods:
        if node := pod["spec"].get("nodeName"):
            found.setdefault(node, []).extend(container_ids(pod))
    return sorted(found.items())


def of_container(processes: dict[int, Process], container_id: str) -> list[Process]:
    """Return the processes that run in a container's cgroup or in its pid namespace.

    A stressor is started by the daemon outside of the container, joins its pid namespace, and is
    then put into its cgroup.

    Args:
        processes: all of the node.
        container_id: as the runtime has it, without the `containerd://` in front.
    """
    inside = [process for process in processes.values() if container_id in process.cgroup]
    # The container's own processes come first: what was put in later came from the daemon's namespace
    # or one below. The node's own namespace (depth 1) is nobody's.
    spaces = {process.pid_namespace for process in inside if process.depth > 1}
    return [
        process
        for process in processes.values()
        if container_id in process.cgroup or (process.pid_namespace and process.pid_namespace in spaces)
    ]
