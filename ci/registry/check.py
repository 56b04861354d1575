"""Checks what ci/registry-demo brought up: the results name what was served, and nodes pull by themselves."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from harness.base.progress import Progress
from harness.image_build import registry
from harness.kubernetes.client import Cluster
from harness.stack import chaosmesh
from harness.stack.mirror import from_environment
from harness.stack.state import StateFolder

_POD = "pulled-by-a-node"
_SECONDS = 60.0


def pulled(cluster: Cluster, image: str) -> str:
    """Return the id of an image that a node pulls from the mirror, by a pod that runs it."""
    container = {"name": "pulled", "image": image, "imagePullPolicy": "Always"}
    metadata = {"name": _POD, "namespace": "default"}
    cluster.create(
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    )
    deadline = time.monotonic() + _SECONDS
    state: object = "no container yet"
    while time.monotonic() < deadline:
        pod = cluster.get("Pod", _POD, "default") or {}
        for status in pod.get("status", {}).get("containerStatuses", []):
            state = status["state"]
            if "running" in status["state"]:
                return str(status["imageID"])
        time.sleep(0.5)
    raise SystemExit(f"the node does not run {image} within {_SECONDS:.0f} s: {state}")


def main(name: str, report: Path, image: str) -> None:
    """Check the stack `name`, and the report of its run."""
    stack = json.loads((report / "results.json").read_text())["run"]["stack"]
    mirror = from_environment()
    assert mirror is not None
    for role in ("controller-manager", "daemon", "dashboard", "prometheus", "workload", "node"):
        assert stack["image_ids"][role].startswith("sha256:"), role
        assert stack["image_digests"][role].startswith("sha256:"), role
    assert stack["image_digests"]["chart"].startswith("sha256:")
    state = StateFolder(name)
    handle = state.load()
    assert handle is not None
    print("pulled by the node:", pulled(Cluster.connect(handle.kubeconfig, handle.context), image))
    if not os.environ.get("REGISTRY_AUTH_FILE"):
        # Helm takes credentials of a chart repository on its command line only, where others read them.
        os.environ[registry.CHARTS_VARIABLE] = f"{mirror.url}/charts"
    images = registry.prepare(
        progress=Progress(), logs=state.logs, kubernetes_version=handle.versions["kubernetes"]
    )
    with tempfile.TemporaryDirectory() as scratch:
        fetched = chaosmesh.fetch_chart(images, folder=Path(scratch), log=state.logs / "chart.log")
    assert fetched.image_digests["chart"] == stack["image_digests"]["chart"]
    print("the same chart from", images.chart_repository)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
