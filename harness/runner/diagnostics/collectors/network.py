"""What the kernel holds in the targets' network namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from harness.oracle.asking import Target
from harness.oracle.network import IPSET, IPTABLES, QDISCS, IptablesPackets
from harness.oracle.world import World
from harness.runner.diagnostics.scene import Scene

# What fails is shown with what it says, and the others all the same.
_COMMAND = (
    "; ".join(
        f"echo '# {title}'; {command}"
        for title, command in (
            ("iptables-save -c", IPTABLES),
            ("ipset save", IPSET),
            ("tc -s qdisc show", QDISCS.replace("tc ", "tc -s ")),
            ("addresses", "ip -brief address"),
        )
    )
    + "; true"
)


def collect(scene: Scene) -> Iterator[tuple[str, str]]:
    """Rules of iptables, ipsets and queueing disciplines in the pods that were to be hit."""
    world = World(scene.cluster, scene.namespace, scene.chaos_mesh_namespace)
    # Containers of a pod share its network.
    pods = {(each["namespace"], each["pod"]): each for each in scene.targets}
    targets = [Target.model_validate(each) for each in pods.values()]
    for target, output in IptablesPackets(world).outputs(targets, _COMMAND):
        yield f"network/{target.namespace}.{target.pod}.txt", output + "\n"
