"""What is there before a run and after it: in the cluster, on its nodes, on this machine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci.safe_proof import Objects, differences, snapshot
from harness.kubernetes.client import Cluster
from harness.stack.engine import Engine

_CALL_SECONDS = 60.0
_LOOK = (
    "iptables-save 2>/dev/null | sed 's/\\[[0-9:]*\\]//; /^#/d; s/^/iptables: /';"
    " ipset list -n 2>/dev/null | sed 's/^/ipset: /';"
    " tc qdisc show 2>/dev/null | sed 's/^/tc: /';"
    " sed 's/^/mount: /' /proc/mounts;"
    " find /sys/fs/cgroup -maxdepth 7 -type d -path '*kubepods*' 2>/dev/null | sed 's/^/cgroup: /';"
    " cat /proc/[0-9]*/comm 2>/dev/null | sed 's/^/process: /'"
)
"""Prints what is on a node, a line each, with the kind of thing before it."""
_NAMES = re.compile(
    r"[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|\b[0-9a-f]{12,}\b|\bveth[0-9a-f]+|"
    r"-[A-Z0-9]{16}\b|\d+"
)
"""What differs of two things of the same kind: ids, hashes, numbers."""
_LIKE_US = frozenset({"sh", "sed", "cat", "find", "tc", "ipset", "iptables-save", "runc", "(udev-worker)"})
"""Processes of the look itself, and of whatever begins a container."""
_BY_THEMSELVES = frozenset(
    {"Lease", "Endpoints", "EndpointSlice", "CertificateSigningRequest", "ReplicaSet", "ControllerRevision"}
)
"""Kinds that follow others, or that components renew all the time."""

Found = Counter[str]


@dataclass(frozen=True)
class Traces:
    """What was there at some time.

    Attributes:
        objects: of the cluster, without pods, which are among the things: a new one has another name.
        things: on nodes and on this machine, and pods by their owners, with how many of each there are.
    """

    objects: Objects = field(default_factory=dict)
    things: Found = field(default_factory=Counter)


def look(cluster: Cluster, engine: Engine, nodes: Iterable[str], mark: str, scratch: Path) -> Traces:
    """Return what is there now.

    Args:
        cluster: where.
        engine: has the nodes.
        nodes: names of their containers.
        mark: of the environment of what was started here: `NAME=value`.
        scratch: the temporary folder of what was started here.
    """
    things: Found = Counter()
    for node in nodes:
        told = engine.run("look at a node", ["exec", node, "sh", "-c", _LOOK], timeout=_CALL_SECONDS)
        things += of_node(node, told.stdout)
    things += on_this_machine(mark, scratch)
    objects, pods = without_pods(snapshot(cluster))
    return Traces(objects, things + pods)


def difference(before: Traces, after: Traces) -> list[str]:
    """Return what is there now and was not, or the other way round, a line each."""
    lines = differences(before.objects, after.objects, restarted=False)
    for thing in sorted(before.things.keys() | after.things.keys()):
        if more := after.things[thing] - before.things[thing]:
            lines.append(f"{'+' if more > 0 else ''}{more} {thing}")
    return lines


def of_node(node: str, told: str) -> Found:
    """Return what a node told, with ids and numbers left out."""
    lines = (line.strip() for line in told.splitlines())
    return Counter(
        f"{node}: {_NAMES.sub('#', line)}"
        for line in lines
        if line and line.removeprefix("process: ") not in _LIKE_US
    )


def without_pods(objects: Objects) -> tuple[Objects, Found]:
    """Return objects without those that follow others, and the pods by their owners."""
    kept: dict[str, Any] = {}
    pods: Found = Counter()
    for key, body in objects.items():
        if body["kind"] == "Pod":
            owners = body["metadata"].get("ownerReferences") or [{"kind": "nobody", "name": ""}]
            pods[f"pod of {owners[0]['kind']} {body['metadata']['namespace']}/{owners[0]['name']}"] += 1
        elif body["kind"] not in _BY_THEMSELVES:
            kept[key] = body
    return kept, pods


def on_this_machine(mark: str, scratch: Path, proc: Path = Path("/proc")) -> Found:
    """Return the processes that have the mark, what is in their folder, and what is mounted there.

    Whatever else goes on on this machine is nobody's business here.
    """
    found: Found = Counter()
    for each in proc.glob("[0-9]*"):
        try:
            marked = mark.encode() in (each / "environ").read_bytes().split(b"\0")
            if marked:
                found[f"this machine: process: {(each / 'comm').read_text().strip()}"] += 1
        except OSError:
            continue
    if scratch.is_dir():
        found.update(f"this machine: file: {_NAMES.sub('#', each.name)}" for each in scratch.iterdir())
    mounts = (proc / "mounts").read_text().splitlines()
    found.update(f"this machine: {line}" for line in mounts if line.split(" ")[1].startswith(f"{scratch}/"))
    return found
