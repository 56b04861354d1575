"""Nodes that are set apart: whatever runs there is slow, so only pods that name such a node come there."""

from __future__ import annotations

from typing import Any

TAINT = "chaos-harness/set-apart"
"""The key of such a node's taint, whose effect is NoSchedule."""

TOLERATION: dict[str, str] = {"key": TAINT, "operator": "Exists", "effect": "NoSchedule"}
"""What a pod has that may run there."""


def placed(pod: dict[str, Any], node: str) -> dict[str, Any]:
    """Return the spec of a pod, as one that runs on a node that may be set apart."""
    return {
        **pod,
        "nodeSelector": {**(pod.get("nodeSelector") or {}), "kubernetes.io/hostname": node},
        "tolerations": [*(pod.get("tolerations") or []), TOLERATION],
    }
