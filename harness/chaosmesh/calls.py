"""Which calls of chaos-daemon each kind of chaos makes.

From Chaos Mesh, controllers/chaosimpl at v2.8.3, and seen on a live cluster. What is not here makes none.
"""

from __future__ import annotations

METHODS: dict[str, frozenset[str]] = {
    "BlockChaos": frozenset({"ApplyBlockChaos", "RecoverBlockChaos"}),
    "DNSChaos": frozenset({"SetDNSServer"}),
    "HTTPChaos": frozenset({"ApplyHttpChaos", "SetTcs"}),
    "IOChaos": frozenset({"ApplyIOChaos"}),
    "JVMChaos": frozenset({"InstallJVMRules", "UninstallJVMRules"}),
    "KernelChaos": frozenset({"ContainerGetPid"}),
    "NetworkChaos": frozenset({"FlushIPSets", "SetIptablesChains", "SetTcs"}),
    "PodChaos/container-kill": frozenset({"ContainerKill"}),
    "StressChaos": frozenset({"ExecStressors", "CancelStressors"}),
    "TimeChaos": frozenset({"SetTimeOffset", "RecoverTimeOffset"}),
}
"""By kind, or by kind and action."""
