"""Probes what a cluster can do, where it matters: in the chaos-daemon's container of each node.

What cannot be probed without harm is known from the release of Chaos Mesh.

Everything about the network is tried in a network namespace of its own, so that nothing of the node
changes. A reason tells how it was probed and what was answered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from harness.base.errors import InfrastructureError
from harness.chaosmesh import grafana, ready
from harness.chaosmesh.components import DNS_SERVER
from harness.chaosmesh.daemons import COMPONENT, DAEMON, Daemon, Daemons
from harness.chaosmesh.release import Release
from harness.kubernetes.client import Cluster

# Each probe is a shell command in the daemon's container; it succeeds when the capability is there.
_IN_NAMESPACE = {
    "netem": "tc qdisc add dev lo root netem delay 1ms",
    "prio": "tc qdisc add dev lo root handle 1: prio bands 4",
    "sfq": "tc qdisc add dev lo root sfq",
    "tbf": "tc qdisc add dev lo root tbf rate 1mbit burst 10000 limit 20000",
    "ipset": "ipset create a hash:net && ipset create b hash:net,port && ipset create c list:set",
    "iptables-legacy": (
        "iptables -V | grep -q legacy && ipset create a hash:net && iptables -w -N A && "
        "iptables -w -A A -m set --match-set a dst -j DROP"
    ),
    "iptables-nft": "iptables-nft -w -N A && iptables-nft -w -A A -j DROP",
    # What tproxy sets up (chaos-tproxy v0.5.3, chaos-tproxy-controller/src/proxy/net/{iptables,bridge}.rs).
    "ebtables-legacy": (
        "ebtables-legacy -t broute -A BROUTING -p IPv4 --ip-proto 6 -j redirect --redirect-target DROP && "
        "ebtables-legacy -t nat -A PREROUTING -i lo -j dnat --to-dst 02:00:00:00:00:01 "
        "--dnat-target ACCEPT"
    ),
    "transparent-proxy": (
        "command -v arp && command -v bash && command -v sysctl && ip link add name b type bridge && "
        "ip link add c type veth peer name d && "
        "ip link set c master b && ip rule add fwmark 1 lookup 100 && iptables -w -t mangle -N A && "
        "iptables -w -t mangle -A PREROUTING -p tcp -m socket -j A && "
        "iptables -w -t mangle -A A -j MARK --set-mark 1 && "
        "iptables -w -t mangle -A PREROUTING -p tcp -m multiport --dports 80 -j TPROXY --tproxy-mark 0x1/0x1 "
        "--on-port 81"
    ),
}
_PLAIN = {
    "kprobes": "test -e /sys/bus/event_source/devices/kprobe || test -e /sys/kernel/debug/kprobes/list",
    "fuse": "test -c /dev/fuse && grep -qw fuse /proc/filesystems",
    "cgroup-v1": "test -d /host-sys/fs/cgroup/memory || test -d /sys/fs/cgroup/memory",
    "cgroup-v2": (
        "test -f /host-sys/fs/cgroup/cgroup.controllers || test -f /sys/fs/cgroup/cgroup.controllers"
    ),
    "stress-ng": "stress-ng --version",
    "memstress": "command -v memStress",
    "nsexec": "command -v nsexec",
    "toda": "command -v toda",
    "tproxy": "command -v tproxy",
    # TimeChaos writes into the vDSO of a process. User-mode Linux lets it, and every clock goes on as before
    # (seen on 6.1.176: AllInjected, no clock moved).
    "movable-clocks": (
        'if grep -q "User Mode Linux" /proc/cpuinfo; then '
        "echo user-mode Linux takes a TimeChaos and moves no clock; exit 1; fi; "
        'od -A n -v -t u8 -w16 /proc/self/auxv | grep -Eq "^ +33 " || '
        "{ echo processes have no vDSO, which TimeChaos changes; exit 1; }"
    ),
    # An image that was built without byteman says why (harness/image_build/java.py).
    "byteman": (
        "for each in java bminstall.sh bmsubmit.sh; do command -v $each >/dev/null || "
        "{ cat /usr/local/byteman/missing.txt 2>/dev/null || echo there is no $each; exit 1; }; done; "
        'test -d "$BYTEMAN_HOME"'
    ),
}

# Known from the release, as to probe it would break a component: the first that has it, and what was before.
_SINCE = {
    "recovers-panics": (
        "v2.8.0",
        "a panic of a reconciler ends the controller-manager (controller-runtime v0.16.2, RecoverPanic)",
    ),
}
_RUNTIMES = ("containerd", "docker", "crio")
_TWO_NODES = "two-nodes"
_GRAFANA = "grafana"

CAPABILITIES = tuple(
    sorted(
        [
            *_IN_NAMESPACE,
            *_PLAIN,
            *_SINCE,
            *(f"runtime-{runtime}" for runtime in _RUNTIMES),
            "dns-server",
            _TWO_NODES,
            _GRAFANA,
        ]
    )
)
"""All names that a scenario's `needs` may hold."""

_SECONDS = 20.0
_APART_SECONDS = 120.0


def probes() -> dict[str, str]:
    """Return each capability with how it is probed, for the documentation."""
    found = {
        name: f"`{command}`, in a network namespace of its own" for name, command in _IN_NAMESPACE.items()
    }
    found |= {name: f"`{command}`" for name, command in _PLAIN.items()}
    found |= {f"runtime-{name}": f"{DAEMON} was started with `--runtime {name}`" for name in _RUNTIMES}
    found |= {name: f"Chaos Mesh is {since} or newer; before, {how}" for name, (since, how) in _SINCE.items()}
    found[_TWO_NODES] = f"at least two nodes have a running {DAEMON}"
    found["dns-server"] = f"a pod with the label `{COMPONENT}={DNS_SERVER}` is ready"
    found[_GRAFANA] = (
        f"a pod with the label `app={grafana.NAME}` is ready in the namespace `{grafana.NAMESPACE}`"
    )
    return {name: found[name] for name in CAPABILITIES}


def probe(
    cluster: Cluster,
    chaos_mesh_namespace: str,
    release: Release,
    leave_out: Collection[str] = (),
    *,
    closed: str = "",
) -> dict[str, str | None]:
    """Return each capability with None when every node has it, or with the reason why not.

    Args:
        cluster: where.
        chaos_mesh_namespace: where Chaos Mesh runs.
        release: of Chaos Mesh.
        leave_out: nodes that are not asked, as they are not Ready.
        closed: why no node may be entered; then nothing is known of what is probed there.

    Raises:
        InfrastructureError: no daemon runs, or one did not answer.
    """
    by_node = probe_nodes(cluster, chaos_mesh_namespace, leave_out, closed=closed)
    found: dict[str, str | None] = {}
    for name in CAPABILITIES:
        if name in _SINCE:
            since, how = _SINCE[name]
            found[name] = f"{how}; this is {release}" if release.older_than(since) else None
            continue
        if name == "dns-server":
            found[name] = _dns_server(cluster, chaos_mesh_namespace)
            continue
        if name == _GRAFANA:
            found[name] = grafana.missing(cluster)
            continue
        if name == _TWO_NODES:
            found[name] = None if len(by_node) > 1 else f"one node has a {DAEMON}: {', '.join(by_node)}"
            continue
        missing = [f"node {node}: {reasons[name]}" for node, reasons in by_node.items() if reasons[name]]
        found[name] = "; ".join(missing) or None
    return found


def probe_nodes(
    cluster: Cluster, chaos_mesh_namespace: str, leave_out: Collection[str] = (), *, closed: str = ""
) -> dict[str, dict[str, str | None]]:
    """Return, for each node, each capability of a node with None or the reason why it is missing."""
    daemons = Daemons(cluster, chaos_mesh_namespace)

    def probed(node: str) -> dict[str, str | None]:
        if closed:
            return dict.fromkeys((*_IN_NAMESPACE, *_PLAIN), f"not probed: {closed}")
        return parse(daemons.run(node, script(), timeout=_SECONDS))

    return {
        daemon.node: {**probed(daemon.node), **_runtime(daemon)}
        for daemon in daemons.all()
        if daemon.node not in leave_out
    }


def probe_apart(cluster: Cluster, chaos_mesh_namespace: str, node: str) -> dict[str, str | None]:
    """Return each capability of a node that is set apart, with None or the reason why it is missing.

    Raises:
        InfrastructureError: no daemon runs there, or it did not answer.
    """
    daemons = Daemons(cluster, chaos_mesh_namespace)
    found = next((daemon for daemon in daemons.all() if daemon.node == node), None)
    if found is None:
        raise InfrastructureError(f"no {DAEMON} runs on the node {node}")
    answers = parse(daemons.run(node, script(), timeout=_APART_SECONDS))
    return {name: reason and f"node {node}: {reason}" for name, reason in (answers | _runtime(found)).items()}


def anywhere(ordinary: Mapping[str, str | None], apart: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return each capability with None when the ordinary nodes or one that is set apart have it.

    Args:
        ordinary: of all ordinary nodes, as `probe` returns it.
        apart: of the node that is set apart, as `probe_apart` returns it; empty when there is none.
    """
    return {
        name: None
        if None in (reason, apart.get(name, ""))
        else "; ".join(filter(None, [reason, apart.get(name)]))
        for name, reason in ordinary.items()
    }


def script() -> str:
    """Return the script that probes a node: lines of `name<TAB>exit code<TAB>last line of output`."""
    lines = [
        "try() {",
        "    name=$1; shift",
        '    said=$("$@" 2>&1); code=$?',
        """    printf '%s\\t%s\\t%s\\n' "$name" "$code" "$(printf '%s' "$said" | tail -n 1)\"""",
        "}",
    ]
    for name, command in _IN_NAMESPACE.items():
        lines.append(f"try {name} unshare -n sh -c 'ip link set lo up && {command}'")
    for name, command in _PLAIN.items():
        lines.append(f"try {name} sh -c '{command}'")
    return "\n".join([*lines, "exit 0"])


def parse(output: str) -> dict[str, str | None]:
    """Return the reasons in the script's output.

    Raises:
        InfrastructureError: a probe is missing in it.
    """
    found: dict[str, str | None] = {}
    commands = {**_IN_NAMESPACE, **_PLAIN}
    for line in output.splitlines():
        name, code, said = [*line.split("\t", 2), "", ""][:3]
        if name in commands:
            answer = said or f"exit code {code}"
            found[name] = None if code == "0" else f"`{commands[name]}` in the daemon's container: {answer}"
    if missing := sorted(set(commands) - set(found)):
        raise InfrastructureError("capabilities could not be probed", details=[f"no answer: {missing}"])
    return found


def _runtime(daemon: Daemon) -> dict[str, str | None]:
    """Return which container runtime the daemon was told to use."""
    told = ""
    for position, word in enumerate(daemon.command):
        if word == "--runtime" and position + 1 < len(daemon.command):
            told = daemon.command[position + 1]
        elif word.startswith("--runtime="):
            told = word.removeprefix("--runtime=")
    told = told.strip("'\"")
    return {
        f"runtime-{runtime}": None
        if runtime == told
        else (
            f"{DAEMON} was started with --runtime {told or '(nothing)'}; a cluster that the harness makes "
            "has containerd: name one of yours (--kubeconfig)"
        )
        for runtime in _RUNTIMES
    }


def _dns_server(cluster: Cluster, chaos_mesh_namespace: str) -> str | None:
    return ready.missing(
        cluster,
        chaos_mesh_namespace,
        f"{COMPONENT}={DNS_SERVER}",
        installed="Chaos Mesh's chart installs the DNS server unless dnsServer.create is false",
    )
