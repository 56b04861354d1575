"""The node that is set apart: its console, kubelet and containerd, whose logs no API serves."""

from __future__ import annotations

from collections.abc import Iterator

from harness.base.bounded import MIB, read_bytes
from harness.runner.diagnostics.scene import DiagnosticsContext

_MOST_BYTES = 64 * MIB


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Logs of the console, kubelet and containerd of the worker in user-mode Linux."""
    if scene.node_logs is None:
        return
    for path in sorted(scene.node_logs.glob("*.log")):
        yield f"node/{path.name}", read_bytes(path, most=_MOST_BYTES).decode(errors="replace")
