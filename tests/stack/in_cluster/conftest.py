"""A run that is divided among shards in the cluster, and their pods as the API server shows them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.stack.handle import StackHandle, StackNode
from harness.stack.in_cluster.job import ShardJob
from harness.stack.in_cluster.joined import JoinedRun, ShardOfRun
from tests.fakes.handles import stack_handle
from tests.kubernetes.conftest import api, cluster, kubeconfig

__all__ = ["api", "cluster", "kubeconfig"]

RUN = "0a1b2c3d"
SECRET = "5ec4e7"
JOB = ShardJob(RUN, 1, 2, "registry/harness:1", 900, "identity")


def handle() -> StackHandle:
    node = StackNode(name="n1", kernel="6", runtime="containerd://2", cgroup="v2")
    return stack_handle(identity="stack", image_key="key", versions={"chaos-mesh": "v2.8.4"}, nodes=[node])


def joined(**changes: Any) -> JoinedRun:
    files = {"a": "scenarios/daemon/a.yaml", "b": "scenarios/daemon/b.yaml"}
    shards = (
        ShardOfRun(scenarios=("a",), files=("daemon/a.yaml",)),
        ShardOfRun(scenarios=("b",), files=("daemon/b.yaml",)),
    )
    given = {"words": ("--exclusive",), **changes}
    return JoinedRun(
        run=RUN,
        holder="host/1/2",
        secret=SECRET,
        handle=handle(),
        scenarios=files,
        whole=False,
        shards=shards,
        **given,
    )


def pod(index: int, *, uid: str = "", ready: bool = False, **status: Any) -> dict[str, Any]:
    """Return the pod of a shard; it runs, unless its status says otherwise."""
    running: list[dict[str, Any]] = [{"state": {"running": {}}}]
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {
        "metadata": {
            "name": f"shard-{index}",
            "uid": uid or f"uid-{index}",
            "annotations": {"batch.kubernetes.io/job-completion-index": str(index)},
        },
        "status": {"phase": "Running", "containerStatuses": running, "conditions": conditions, **status},
    }


@pytest.fixture
def run() -> JoinedRun:
    return joined()
