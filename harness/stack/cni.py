"""The pod network of our own node image: a bridge on each node, and routes between the nodes."""

from __future__ import annotations

import ipaddress
import json
import shlex
from dataclasses import dataclass

from harness.kubernetes.client import Cluster, Object
from harness.stack.engine import Engine
from harness.stack.kind import POD_SUBNET
from harness.stack.kubectl import Kubectl

CONFLIST = "/etc/cni/net.d/10-chaos-harness.conflist"

_CIDR_SECONDS = 60.0
_EXEC_SECONDS = 30.0


@dataclass(frozen=True)
class NodeNetwork:
    """A node, its own address, and the addresses of its pods (CIDR)."""

    name: str
    address: str
    pods: str


def conflist(pods: str) -> str:
    """Return the CNI configuration of a node whose pods have the addresses `pods` (CIDR)."""
    return json.dumps(
        {
            "cniVersion": "0.4.0",
            "name": "chaos-harness",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": "cni0",
                    "isGateway": True,
                    "hairpinMode": True,
                    # The plugin's masquerading would hide a pod's address from pods on other nodes, and
                    # Chaos Mesh selects by address: `commands` masquerades what leaves the cluster only.
                    "ipMasq": False,
                    "ipam": {
                        "type": "host-local",
                        "ranges": [[{"subnet": pods}]],
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                },
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        },
        indent=2,
    )


def commands(node: NodeNetwork, others: list[NodeNetwork]) -> str:
    """Return the shell script to run in `node`; running it twice changes nothing.

    The configuration is moved into place last and whole: its appearance makes the node Ready, and pods
    come then.
    """
    rule = f"POSTROUTING --source {node.pods} ! --destination {POD_SUBNET} --jump MASQUERADE"
    lines = ["set -e"]
    lines += [f"ip route replace {other.pods} via {other.address}" for other in others]
    lines += [
        f"iptables --wait --table nat --check {rule} 2>/dev/null"
        f" || iptables --wait --table nat --append {rule}",
        # A bridge from a configuration before this one may hold another address.
        f"ip -4 address show dev cni0 2>/dev/null | grep -q ' {_gateway(node.pods)}/'"
        " || ip link delete cni0 2>/dev/null || true",
        f"mkdir -p {shlex.quote(CONFLIST.rpartition('/')[0])}",
        f"cat > {CONFLIST}.new",
        f"mv {CONFLIST}.new {CONFLIST}",
    ]
    return "\n".join(lines)


def networks(nodes: list[Object]) -> list[NodeNetwork]:
    """Return each node's addresses."""
    found = []
    for node in nodes:
        internal = [
            entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "InternalIP"
        ]
        ipv4 = [address for address in internal if ipaddress.ip_address(address).version == 4]
        # A shell gets these: nothing but addresses.
        pods = str(ipaddress.ip_network(node["spec"]["podCIDR"]))
        found.append(NodeNetwork(node["metadata"]["name"], ipv4[0], pods))
    return found


def install(kubectl: Kubectl, cluster: Cluster, engine: Engine) -> None:
    """Give each node its pod network.

    Raises:
        CommandError: a node got no pod addresses in time, or a command in it failed.
        ApiError: the nodes could not be listed.
    """
    kubectl.run(
        "wait for the nodes' pod addresses",
        "wait",
        "nodes",
        "--all",
        "--for=jsonpath={.spec.podCIDR}",
        f"--timeout={_CIDR_SECONDS:.0f}s",
        timeout=_CIDR_SECONDS + 5,
    )
    nodes = networks(cluster.list("Node"))
    for node in nodes:
        engine.run(
            f"configure the pod network of {node.name}",
            [
                "exec",
                "--interactive",
                node.name,
                "sh",
                "-c",
                commands(node, [other for other in nodes if other != node]),
            ],
            timeout=_EXEC_SECONDS,
            input_text=conflist(node.pods),
            log=kubectl.log,
        )


def _gateway(pods: str) -> str:
    return str(next(ipaddress.ip_network(pods).hosts()))
