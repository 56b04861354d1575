"""What is known of a stack once it is up and looked at."""

from __future__ import annotations

from dataclasses import dataclass

from harness.chaosmesh.release import Release
from harness.chaosmesh.sweep import Swept
from harness.runner.apart import NodeApart
from harness.runner.clock import Clock
from harness.stack.handle import StackHandle


@dataclass(frozen=True)
class OpenedStack:
    """A stack that scenarios can run on; all of it can be sent to another process.

    Attributes:
        clock: Prometheus', as it was measured.
        swept: what a killed run had left there.
        release: of Chaos Mesh.
        capabilities: capability to None when it is there, or to the reason why not; of all nodes but `apart`.
        apart: the node that is set apart; None where there is none.
    """

    handle: StackHandle
    clock: Clock
    swept: Swept
    release: Release
    capabilities: dict[str, str | None]
    apart: NodeApart | None
