"""What is noted as broken, and that exactly that is replaced, in an order that a crashing daemon needs."""

import pytest

from harness.base import working_time
from harness.chaosmesh import breakage, rollout
from harness.kubernetes.leftovers import Deadline
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import CHAOS_MESH, FakeCluster


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def cluster(clock, monkeypatch):
    monkeypatch.setattr(rollout, "time", clock)
    monkeypatch.setattr(working_time, "time", clock)
    fake = FakeCluster(clock)
    fake.objects.clear()
    fake.put("Namespace", "n")
    fake.component("chaos-daemon", "DaemonSet", "chaos-daemon")
    fake.put("Pod", "workload-0", "n")
    fake.put("StatefulSet", "workload", "n", spec={"replicas": 1})
    fake.requests.clear()
    return fake


def restore(cluster):
    return breakage.restore(cluster, "n", CHAOS_MESH, Deadline(60))


def deleted(cluster):
    return [request[1] for request in cluster.requests if request[0] == "delete"]


def test_nothing_that_was_not_broken_is_replaced(cluster):
    assert restore(cluster) == []
    assert deleted(cluster) == []


def test_what_is_noted_adds_up(cluster):
    breakage.note(cluster, "n", "n1", ["chaos-daemon"])
    breakage.note(cluster, "n", "n2", ["chaos-daemon", "workload"])
    assert breakage.noted(cluster, "n") == {"chaos-daemon/n1", "chaos-daemon/n2", "workload"}


def test_the_workload_goes_before_the_daemon_is_replaced_and_only_once(cluster):
    (before,) = cluster.pods_of("chaos-daemon")
    breakage.note(cluster, "n", "n1", ["chaos-daemon", "workload"])
    assert restore(cluster) == []
    assert deleted(cluster) == ["StatefulSet", "Pod", "Pod"]
    assert not cluster.list("Pod", "n")
    assert cluster.pods_of("chaos-daemon") != [before]
    assert breakage.noted(cluster, "n") == set()
    assert restore(cluster) == []
    assert len(deleted(cluster)) == 3


def test_what_does_not_become_whole_is_named_and_stays_noted(cluster, clock):
    cluster.broken.add("chaos-daemon")
    breakage.note(cluster, "n", "n1", ["chaos-daemon"])
    (left,) = restore(cluster)
    assert (left.kind, left.name, left.forced) == ("DaemonSet", "chaos-daemon on node n1", False)
    assert breakage.noted(cluster, "n") == {"chaos-daemon/n1"}


def test_a_pod_that_does_not_end_is_named(cluster):
    cluster.immortal.add(("Pod", "workload-0"))
    breakage.note(cluster, "n", "n1", ["workload"])
    (left,) = restore(cluster)
    assert (left.kind, left.name) == ("Pod", "workload-0")


@pytest.mark.parametrize(
    ("component", "node", "left"),
    [
        ("chaos-daemon", "n1", {"chaos-daemon/n2", "workload"}),
        ("chaos-daemon", None, {"workload"}),
        ("workload", None, {"chaos-daemon/n1", "chaos-daemon/n2"}),
        ("chaos-dashboard", None, {"chaos-daemon/n1", "chaos-daemon/n2", "workload"}),
    ],
)
def test_what_was_replaced_meanwhile_is_not_replaced_again(cluster, component, node, left):
    for broken in ("n1", "n2"):
        breakage.note(cluster, "n", broken, ["chaos-daemon", "workload"])
    breakage.replaced(cluster, "n", component, node)
    assert breakage.noted(cluster, "n") == left
