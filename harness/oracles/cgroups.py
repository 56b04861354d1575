"""What the kernel charges to the cgroup of a container, version 1 or 2."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from harness.chaosmesh import processes
from harness.oracles.asking import ContainerTarget, InTargets, ThroughDaemon, asked
from harness.oracles.base import OracleError, Parameters
from harness.recording.model import Point

# Container ids. The node's own tree is mounted at /host-sys; a cgroup's folder is named after its container.
_SCRIPT = """
for id in "$@"; do
    stat=$(find /host-sys/fs/cgroup/ -path "*$id*" -name memory.stat 2>/dev/null | head -n 1)
    [ -n "$stat" ] && bytes=$(awk '$1 == "anon" || $1 == "total_rss" { print $2; exit }' "$stat") || bytes=
    echo "$id $bytes"
done
"""


class CgroupMemory(ThroughDaemon):
    """Anonymous memory of containers: what their processes hold, files that are cached left out.

    `anon` of cgroup v2's memory.stat, `total_rss` of version 1's (Documentation/admin-guide/cgroup-v2.rst,
    cgroup-v1/memory.rst of the kernel).
    """

    name: ClassVar[str] = "cgroup-memory"
    summary: ClassVar[str] = (
        "bytes of memory that the processes in the containers' cgroup hold, without files"
    )
    parameters: ClassVar[type[Parameters]] = InTargets

    def read(self, parameters: InTargets) -> list[Point]:
        """Read memory.stat of each."""
        points = []
        with asked():
            by_node: dict[str, dict[str, ContainerTarget]] = defaultdict(dict)
            for target in parameters.targets:
                pod = self.world.cluster.get("Pod", target.pod, target.namespace) or {}
                for name, identity in processes.containers_of(pod):
                    if name == target.container:
                        by_node[str(pod["spec"]["nodeName"])][identity] = target
            for node, wanted in by_node.items():
                told = dict(
                    line.partition(" ")[::2]
                    for line in self._daemons.run(node, _SCRIPT, *wanted).splitlines()
                )
                for identity, target in wanted.items():
                    if not told.get(identity):
                        raise OracleError(f"no memory.stat of {target} was found on {node}")
                    points.append(Point(labels=target.labels(), value=int(told[identity])))
        return points


ORACLES = [CgroupMemory]
