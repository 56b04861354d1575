"""Nodes: their conditions, and what they have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.runner.diagnostics.scene import DiagnosticsContext


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Conditions, taints and resources of the nodes."""
    yield "nodes.txt", "".join(f"{line}\n" for node in scene.cluster.list("Node") for line in _lines(node))


def _lines(node: dict[str, Any]) -> Iterator[str]:
    status, spec = node.get("status") or {}, node.get("spec") or {}
    info = status.get("nodeInfo") or {}
    told = ("kubeletVersion", "kernelVersion", "osImage", "containerRuntimeVersion")
    yield f"{node['metadata']['name']}: {', '.join(str(info.get(each)) for each in told)}"
    for each in status.get("conditions") or []:
        since = each.get("lastTransitionTime")
        yield f"  {each['type']}={each['status']} since {since}: {each.get('reason')}: {each.get('message')}"
    for each in spec.get("taints") or []:
        yield f"  taint {each.get('key')}={each.get('value', '')}:{each.get('effect')}"
    yield f"  allocatable {status.get('allocatable')}"
