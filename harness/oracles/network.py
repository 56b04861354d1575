"""What the kernel holds in the network namespace of a container: iptables, ipset, tc.

Read with the programs themselves and parsed here, independently of Chaos Mesh's parsers.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from harness.oracles.asking import ContainerTarget, InTargets, ThroughDaemon, asked
from harness.oracles.base import OracleError, Parameters
from harness.recording.model import Point

# Finds a container's oldest process: stressors are in its cgroup too, but in the daemon's network namespace.
_OLDEST = """
started() { start=${20}; }
find_oldest() {
    oldest=; since=
    for file in $(grep -l -s -- "$1" /proc/[0-9]*/cgroup); do
        pid=${file#/proc/}; pid=${pid%/cgroup}
        read -r line 2>/dev/null < "/proc/$pid/stat" || continue
        started ${line##*) }
        if [ -z "$since" ] || [ "$start" -lt "$since" ]; then oldest=$pid; since=$start; fi
    done
}
"""

# $1: the command to run in the network namespace; then container ids.
_SCRIPT = f"""{_OLDEST}
command=$1; shift
for id in "$@"; do
    find_oldest "$id"
    echo "==begin $id"
    if [ -z "$oldest" ]; then echo "==gone"; continue; fi
    nsenter --target "$oldest" --net -- sh -c "$command" 2>&1
    echo "==end $?"
done
"""

ENTER = f"""{_OLDEST}
id=$1; shift
find_oldest "$id"
if [ -z "$oldest" ]; then echo "no process of the container $id was found" >&2; exit 1; fi
exec nsenter --target "$oldest" --net -- "$@"
"""
"""Runs a command in a container's network namespace: container id, program, arguments."""

# The name without `legacy` is for images in which the alternative is the only one.
IPTABLES = (
    "if command -v iptables-legacy-save >/dev/null; then iptables-legacy-save -c; else iptables-save -c; fi"
)
IPSET = "ipset save"
QDISCS = "tc qdisc show"
_QDISC_COUNTS = "tc -s qdisc show"
_EACH_DEVICE = (
    r"for each in $(ip -o link show | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'); "
    "do tc {what} show dev $each || exit; done"
)

_RULE = re.compile(r"\[(\d+):(\d+)\] -A (\S+) ?(.*)")
_CHAIN = re.compile(r":(\S+) (\S+)")
_SENT = re.compile(r"^ *Sent \d+ bytes (\d+) pkt", re.MULTILINE)


@dataclass(frozen=True)
class PacketRule:
    """A rule with its counters, labelled as the metric's series are."""

    table: str
    chain: str
    policy: str
    rule: str
    packets: int
    size: int

    def labels(self) -> dict[str, str]:
        """Return the labels about the rule."""
        return {"table": self.table, "chain": self.chain, "policy": self.policy, "rule": self.rule}


def rules_of(saved: str) -> list[PacketRule]:
    """Parse the output of `iptables-save -c`.

    Args:
        saved: the output; empty when no table is in use.

    Returns:
        One entry a rule, in order. Chains without rules have none.

    Raises:
        OracleError: a line is of no known form.
    """
    table = ""
    policies: dict[str, str] = {}
    rules: list[PacketRule] = []
    for line in saved.splitlines():
        if not line or line.startswith("#") or line == "COMMIT":
            continue
        if line.startswith("*"):
            table, policies = line[1:], {}
        elif match := _CHAIN.match(line):
            policies[match[1]] = match[2]
        elif match := _RULE.match(line):
            chain = match[3]
            rules.append(
                PacketRule(
                    table,
                    chain,
                    policies.get(chain, "-"),
                    " ".join(match[4].split()),
                    int(match[1]),
                    int(match[2]),
                )
            )
        else:
            raise OracleError(f"iptables-save wrote an unknown line: {line}")
    return rules


def members_of(saved: str) -> int:
    """Return the number of members of all sets in the output of `ipset save`."""
    return sum(line.startswith("add ") for line in saved.splitlines())


def sets_of(saved: str) -> int:
    """Return the number of sets in the output of `ipset save`."""
    return sum(line.startswith("create ") for line in saved.splitlines())


def interfaces_of(shown: str) -> int:
    """Return the number of interfaces that have a queueing discipline in the output of `tc qdisc show`."""
    words = (line.split() for line in shown.splitlines())
    return len({after for line in words for word, after in itertools.pairwise(line) if word == "dev"})


def entries_of(shown: str, what: str) -> int:
    """Return the number of entries in the output of `tc class show` or `tc filter show`."""
    return sum(line.startswith(f"{what} ") for line in shown.splitlines())


def qdiscs_of(shown: str, kind: str | None = None, options: str | None = None) -> int:
    """Return the number of queueing disciplines in the output of `tc qdisc show`.

    Args:
        shown: the output.
        kind: count only these, such as tbf.
        options: count only those that are shown with these words, in this order: "delay 20ms loss 10%".
    """
    words = [line.split() for line in shown.splitlines()]
    wanted = f" {' '.join(options.split())} " if options is not None else ""
    return sum(
        len(line) > 1
        and line[0] == "qdisc"
        and (kind is None or line[1] == kind)
        and wanted in f" {' '.join(line)} "
        for line in words
    )


def packets_of(shown: str, kind: str) -> int | None:
    """Return the packets that queueing disciplines of a kind sent, by `tc -s qdisc show`; None without any.

    Raises:
        OracleError: one has no count.
    """
    counts = []
    for part in re.split(r"^qdisc ", shown, flags=re.MULTILINE)[1:]:
        if part.split()[0] == kind:
            sent = _SENT.search(part)
            if sent is None:
                raise OracleError(f"tc shows no packets of: {part.splitlines()[0]}")
            counts.append(int(sent[1]))
    return sum(counts) if counts else None


class _InNamespaces(ThroughDaemon):
    """Runs a command in the network namespaces of containers, with one exec a node."""

    def outputs(self, targets: list[ContainerTarget], command: str) -> Iterator[tuple[ContainerTarget, str]]:
        """Yield each target whose container runs, with the command's output in its namespace.

        Raises:
            OracleError: the cluster did not answer, or the command failed.
        """
        by_node: dict[str, dict[str, ContainerTarget]] = defaultdict(dict)
        with asked():
            for target in targets:
                pod = self.world.cluster.get("Pod", target.pod, target.namespace)
                for status in ((pod or {}).get("status") or {}).get("containerStatuses") or []:
                    if status["name"] == target.container and "running" in (status.get("state") or {}):
                        identity = str(status["containerID"]).split("://")[-1]
                        by_node[str((pod or {})["spec"]["nodeName"])][identity] = target
            for node, wanted in by_node.items():
                told = self._daemons.run(node, _SCRIPT, command, *wanted)
                answers = sections(told)
                for identity, target in wanted.items():
                    if f"==begin {identity}" not in told:
                        raise OracleError(f"the look into {target.pod} was cut off")
                    output = answers.get(identity)
                    if output is not None:
                        yield target, output


def sections(output: str) -> dict[str, str]:
    """Return the output by container id; containers that are gone have none.

    Raises:
        OracleError: the command failed in one of them, or the output ends before it is told how it ended.
    """
    found: dict[str, str] = {}
    identity = ""
    undecided: set[str] = set()
    lines: list[str] = []
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word == "==begin":
            identity, lines = rest, []
            undecided.add(identity)
        elif word == "==end":
            if rest != "0":
                raise OracleError(f"exit code {rest} in the container's network namespace: {' '.join(lines)}")
            found[identity] = "\n".join(lines)
            undecided.discard(identity)
        elif word == "==gone":
            undecided.discard(identity)
        else:
            lines.append(line)
    if undecided:
        raise OracleError(f"the look into {', '.join(sorted(undecided))} was cut off: {' '.join(lines[-5:])}")
    return found


class RuleParameters(InTargets):
    """Attributes: jump: only rules that jump there, such as DROP.

    Rules that all packets pass never stand still: probes and scrapes are packets too.
    """

    jump: str | None = None


class IptablesPackets(_InNamespaces):
    """Packets by rule, labelled exactly as `chaos_daemon_iptables_packets` is.

    The same rule twice in a chain is one point, with the sum of both: its label set can only be there once.
    """

    name: ClassVar[str] = "iptables-packets"
    summary: ClassVar[str] = (
        "packets counted by each legacy iptables rule in the containers' network namespace"
    )
    parameters: ClassVar[type[Parameters]] = RuleParameters

    def read(self, parameters: RuleParameters) -> list[Point]:
        """Run iptables-save with counters."""
        return _by_rule(self.outputs(parameters.targets, IPTABLES), "packets", parameters.jump)


class IptablesRules(_InNamespaces):
    """Rules that `chaos_daemon_iptables_packets` has a series for, by container.

    The same rule twice in a chain is one: its label set can only be there once. A container without rules has
    no point, as it has no series to be counted.
    """

    name: ClassVar[str] = "iptables-rules"
    summary: ClassVar[str] = "different legacy iptables rules in the containers' network namespace"
    parameters: ClassVar[type[Parameters]] = InTargets

    def read(self, parameters: InTargets) -> list[Point]:
        """Run iptables-save."""
        return [
            Point(labels=target.labels(), value=len(different))
            for target, output in self.outputs(parameters.targets, IPTABLES)
            if (different := {tuple(rule.labels().values()) for rule in rules_of(output)})
        ]


class IptablesBytes(_InNamespaces):
    """Bytes by rule, labelled exactly as `chaos_daemon_iptables_packet_bytes` is."""

    name: ClassVar[str] = "iptables-bytes"
    summary: ClassVar[str] = "bytes counted by each legacy iptables rule in the containers' network namespace"
    parameters: ClassVar[type[Parameters]] = RuleParameters

    def read(self, parameters: RuleParameters) -> list[Point]:
        """Run iptables-save with counters."""
        return _by_rule(self.outputs(parameters.targets, IPTABLES), "size", parameters.jump)


class IpsetMembers(_InNamespaces):
    """Members of all sets by container, labelled as `chaos_daemon_ipset_members` is."""

    name: ClassVar[str] = "ipset-members"
    summary: ClassVar[str] = "members of all ipsets in the containers' network namespace"
    parameters: ClassVar[type[Parameters]] = InTargets

    def read(self, parameters: InTargets) -> list[Point]:
        """Run ipset save."""
        return [
            Point(labels=target.labels(), value=members_of(output))
            for target, output in self.outputs(parameters.targets, IPSET)
        ]


class QdiscParameters(InTargets):
    """Parameters of tc-qdiscs.

    Attributes:
        kind: only queueing disciplines of this kind, such as tbf.
        options: only those that tc shows with these words, in its order, such as "delay 20ms loss 10%".
    """

    kind: str | None = None
    options: str | None = None


class TcQdiscs(_InNamespaces):
    """Queueing disciplines of all interfaces by container, labelled as `chaos_daemon_tcs_rules` is."""

    name: ClassVar[str] = "tc-qdiscs"
    summary: ClassVar[str] = "queueing disciplines of all interfaces in the containers' network namespace"
    parameters: ClassVar[type[Parameters]] = QdiscParameters

    def read(self, parameters: QdiscParameters) -> list[Point]:
        """Run tc qdisc show."""
        return [
            Point(labels=target.labels(), value=qdiscs_of(output, parameters.kind, parameters.options))
            for target, output in self.outputs(parameters.targets, QDISCS)
        ]


class PacketParameters(InTargets):
    """Attributes: kind: of the queueing disciplines, such as netem."""

    kind: str


class TcPackets(_InNamespaces):
    """Packets that passed the queueing disciplines of a kind, by container; none when there is none."""

    name: ClassVar[str] = "tc-packets"
    summary: ClassVar[str] = (
        "packets that queueing disciplines of a kind sent in the containers' network namespace"
    )
    parameters: ClassVar[type[Parameters]] = PacketParameters

    def read(self, parameters: PacketParameters) -> list[Point]:
        """Run tc qdisc show with counters."""
        return [
            Point(labels=target.labels(), value=packets)
            for target, output in self.outputs(parameters.targets, _QDISC_COUNTS)
            if (packets := packets_of(output, parameters.kind)) is not None
        ]


class IpsetSets(_InNamespaces):
    """Sets by container, whatever their members: what `chaos_daemon_ipset_members` does not count."""

    name: ClassVar[str] = "ipset-sets"
    summary: ClassVar[str] = "ipsets in the containers' network namespace"
    parameters: ClassVar[type[Parameters]] = InTargets

    def read(self, parameters: InTargets) -> list[Point]:
        """Run ipset save."""
        return [
            Point(labels=target.labels(), value=sets_of(output))
            for target, output in self.outputs(parameters.targets, IPSET)
        ]


class TcInterfaces(_InNamespaces):
    """Interfaces with a queueing discipline by container."""

    name: ClassVar[str] = "tc-interfaces"
    summary: ClassVar[str] = "interfaces with a queueing discipline in the containers' network namespace"
    parameters: ClassVar[type[Parameters]] = InTargets

    def read(self, parameters: InTargets) -> list[Point]:
        """Run tc qdisc show."""
        return [
            Point(labels=target.labels(), value=interfaces_of(output))
            for target, output in self.outputs(parameters.targets, QDISCS)
        ]


class _TcEntries(_InNamespaces):
    """Counts what tc shows of each interface beside queueing disciplines."""

    parameters: ClassVar[type[Parameters]] = InTargets
    what: ClassVar[str]

    def read(self, parameters: InTargets) -> list[Point]:
        """Run tc for each interface."""
        outputs = self.outputs(parameters.targets, _EACH_DEVICE.format(what=self.what))
        return [
            Point(labels=target.labels(), value=entries_of(output, self.what)) for target, output in outputs
        ]


class TcClasses(_TcEntries):
    """Classes of queueing disciplines by container."""

    name: ClassVar[str] = "tc-classes"
    summary: ClassVar[str] = "classes of queueing disciplines in the containers' network namespace"
    what: ClassVar[str] = "class"


class TcFilters(_TcEntries):
    """Filters of the root queueing disciplines by container."""

    name: ClassVar[str] = "tc-filters"
    summary: ClassVar[str] = "filters of queueing disciplines in the containers' network namespace"
    what: ClassVar[str] = "filter"


def _by_rule(outputs: Iterator[tuple[ContainerTarget, str]], counter: str, jump: str | None) -> list[Point]:
    sums: dict[tuple[tuple[str, str], ...], int] = defaultdict(int)
    for target, output in outputs:
        for rule in rules_of(output):
            if jump is not None and f"-j {jump}" not in rule.rule:
                continue
            labels = {**target.labels(), **rule.labels()}
            sums[tuple(labels.items())] += int(getattr(rule, counter))
    return [Point(labels=dict(labels), value=value) for labels, value in sums.items()]


ORACLES = [
    IptablesPackets,
    IptablesBytes,
    IptablesRules,
    IpsetMembers,
    IpsetSets,
    TcQdiscs,
    TcPackets,
    TcInterfaces,
    TcClasses,
    TcFilters,
]
