"""Whether a node takes pods."""

from __future__ import annotations

from harness.kubernetes.client import Object


def is_ready(node: Object) -> bool:
    """Return whether a node's condition Ready is true."""
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
