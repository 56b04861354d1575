"""Of the daemons those count that run on a node that answers."""

import pytest

from harness.base.errors import InfrastructureError
from harness.chaosmesh.daemons import Daemons
from harness.kubernetes.client import Cluster, ExecResult


def pod(node, *, ready="True", containers="True", state="running"):
    return {
        "metadata": {"name": f"chaos-daemon-{node}"},
        "spec": {"nodeName": node, "containers": [{"name": "chaos-daemon"}]},
        "status": {
            "conditions": [
                {"type": "Ready", "status": ready},
                {"type": "ContainersReady", "status": containers},
            ],
            "containerStatuses": [
                {"name": "chaos-daemon", "state": {state: {"startedAt": "2026-01-01T00:00:00Z"}}}
            ],
        },
    }


class Pods(Cluster):
    """A cluster with these pods; what is entered is noted."""

    def __init__(self, *pods):
        self.pods, self.entered = pods, []

    def list(self, kind, namespace=None, label_selector=None, **_):
        return list(self.pods)

    def exec(self, namespace, pod, *_, **__):
        self.entered.append(pod)
        return ExecResult("", "", 0)


def test_a_daemon_on_a_node_that_is_not_ready_is_left_out():
    """Its container is `running` for ever, as the kubelet said last; a command in it would hang."""
    cluster = Pods(pod("n1"), pod("n2", ready="False"))
    daemons = Daemons(cluster, "chaos-mesh")
    assert [each.node for each in daemons.all()] == ["n1"]
    with pytest.raises(InfrastructureError, match="no chaos-daemon runs on the node n2"):
        daemons.exec("n2", ["id"])
    assert cluster.entered == []


def test_one_that_is_about_to_be_ready_counts():
    """With a readiness probe; without one it is ready as soon as it runs."""
    cluster = Pods(pod("n1", ready="False", containers="False"))
    assert [each.node for each in Daemons(cluster, "chaos-mesh").all()] == ["n1"]


def test_one_that_does_not_run_is_left_out():
    with pytest.raises(InfrastructureError, match="no chaos-daemon runs in the namespace chaos-mesh"):
        Daemons(Pods(pod("n1", state="waiting")), "chaos-mesh").all()
