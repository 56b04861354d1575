"""What the kernel holds in the targets' network namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from harness.oracles.asking import ContainerTarget
from harness.oracles.context import OracleContext
from harness.oracles.network import IPSET, IPTABLES, QDISCS, IptablesPackets
from harness.runner.diagnostics.scene import DiagnosticsContext

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


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Rules of iptables, ipsets and queueing disciplines in the pods that were to be hit."""
    world = OracleContext(scene.cluster, scene.namespace, scene.chaos_mesh_namespace)
    # Containers of a pod share its network.
    pods = {(each["namespace"], each["pod"]): each for each in scene.targets}
    targets = [ContainerTarget.model_validate(each) for each in pods.values()]
    for target, output in IptablesPackets(world).outputs(targets, _COMMAND):
        yield f"network/{target.namespace}.{target.pod}.txt", output + "\n"
