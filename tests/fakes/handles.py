"""What is written down of a stack that is up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.stack.handle import ServiceAddress, StackHandle, StackNode


def stack_handle(**changes: Any) -> StackHandle:
    """Return the handle of a kind cluster with one node; what is given replaces its values."""
    values: dict[str, Any] = {
        "cluster": "c",
        "provider": "podman",
        "kubeconfig": Path("kubeconfig"),
        "context": "kind-c",
        "identity": "abc",
        "prometheus": ServiceAddress(namespace="chaos-harness", name="prometheus", port=9090),
        "dashboard": ServiceAddress(namespace="chaos-mesh", name="chaos-dashboard", port=2333),
        "chaos_mesh_namespace": "chaos-mesh",
        "workload_image": "workload",
        "scrape_interval": 1.0,
        "scrape_timeout": 1.0,
        "images": "source",
        "image_key": "key1",
        "versions": {},
        "stand_ins": [],
        "nodes": [StackNode(name="one", kernel="6", runtime="containerd", cgroup="v2")],
    }
    return StackHandle(**(values | changes))
