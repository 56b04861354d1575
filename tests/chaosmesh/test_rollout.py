"""Restarts and scaling on a fake cluster: what is waited for, what is put back."""

import pytest

from harness.base import working_time
from harness.base.errors import InfrastructureError, UsageError
from harness.chaosmesh import denial, rollout
from harness.chaosmesh.components import COMPONENTS, component_pods, workload_pods
from harness.chaosmesh.rollout import REPLICAS_BEFORE, NotReadyError
from harness.chaosmesh.workload import WorkloadHandle
from harness.kubernetes.errors import UnreachableError
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import CHAOS_MESH, FakeCluster

MANAGER = component_pods("controller-manager", CHAOS_MESH)
DASHBOARD = component_pods("chaos-dashboard", CHAOS_MESH)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def cluster(clock, monkeypatch):
    monkeypatch.setattr(rollout, "time", clock)
    monkeypatch.setattr(working_time, "time", clock)
    made = FakeCluster(clock)
    for job in ("controller-manager", "chaos-dashboard"):
        made.component(job, COMPONENTS[job].kind, COMPONENTS[job].name)
    clock.advance(0)
    return made


def names(pods):
    return [pod["metadata"]["name"] for pod in pods]


def replicas(cluster, group):
    return cluster.objects[group.kind, CHAOS_MESH, group.name]["spec"]["replicas"]


def annotations(cluster, group):
    return cluster.objects[group.kind, CHAOS_MESH, group.name]["metadata"].get("annotations") or {}


def test_a_restart_is_done_when_every_old_pod_is_gone_and_as_many_new_ones_are_ready(cluster, clock):
    (old,) = cluster.pods_of("chaos-dashboard")
    began = clock.now()
    begun = rollout.restart(cluster, DASHBOARD, node=None, grace=3)
    pods = rollout.finish(cluster, begun, 30, CHAOS_MESH)
    assert names(pods) == cluster.pods_of("chaos-dashboard")
    assert names(pods) != [old]
    assert clock.now() - began >= 3, "the old one had its grace period"


def test_a_restart_on_a_node_leaves_the_others(cluster):
    before = cluster.pods_of("chaos-dashboard")
    with pytest.raises(InfrastructureError, match="no pod of chaos-dashboard is there on the node n2"):
        rollout.restart(cluster, DASHBOARD, node="n2", grace=1)
    assert cluster.pods_of("chaos-dashboard") == before
    rollout.finish(cluster, rollout.restart(cluster, DASHBOARD, node="n1", grace=1), 30, CHAOS_MESH)
    assert cluster.pods_of("chaos-dashboard") != before


def test_only_the_leader_is_restarted(cluster, clock):
    rollout.finish(cluster, rollout.scale(cluster, MANAGER, 3), 30, CHAOS_MESH)
    before = cluster.pods_of("controller-manager")
    lease = cluster.get("Lease", "chaos-mesh", CHAOS_MESH)
    leader = lease["spec"]["holderIdentity"].rpartition("_")[0]
    begun = rollout.restart(cluster, MANAGER, node=None, grace=1, leader=True)
    after = names(rollout.finish(cluster, begun, 30, CHAOS_MESH))
    assert set(before) - set(after) == {leader}
    assert len(after) == 3


def test_where_nobody_leads_there_is_no_leader_to_be_restarted(cluster):
    cluster.objects.pop(("Lease", CHAOS_MESH, "chaos-mesh"), None)
    with pytest.raises(InfrastructureError, match="no leading pod of controller-manager is there"):
        rollout.restart(cluster, MANAGER, node=None, grace=1, leader=True)


def test_pods_that_do_not_become_ready_are_told_with_their_state(cluster):
    cluster.broken.add("chaos-dashboard")
    begun = rollout.restart(cluster, DASHBOARD, node=None, grace=1)
    with pytest.raises(NotReadyError) as raised:
        rollout.finish(cluster, begun, 5, CHAOS_MESH)
    assert raised.value.problem == "chaos-dashboard has 0 ready of 1 pods after 5 s; wanted: 1 ready"
    (new,) = cluster.pods_of("chaos-dashboard")
    assert raised.value.details == [f"{new}: phase Pending"]


def test_a_pod_that_does_not_end_is_named(cluster):
    (old,) = cluster.pods_of("chaos-dashboard")
    begun = rollout.restart(cluster, DASHBOARD, node=None, grace=60)
    with pytest.raises(NotReadyError) as raised:
        rollout.finish(cluster, begun, 5, CHAOS_MESH)
    assert raised.value.problem == "chaos-dashboard has 1 ready of 2 pods after 5 s; wanted: 1 ready"
    assert f"{old}: has not ended yet" in raised.value.details


def test_the_manager_is_whole_only_with_a_leader_and_a_webhook(cluster, clock):
    clock.advance(5)
    (old,) = cluster.pods_of("controller-manager")
    cluster.webhook_down = 3
    rollout.finish(cluster, rollout.restart(cluster, MANAGER, node=None, grace=1), 30, CHAOS_MESH)
    (new,) = cluster.pods_of("controller-manager")
    lease = cluster.objects["Lease", CHAOS_MESH, "chaos-mesh"]
    assert (lease["spec"]["holderIdentity"], new != old) == (f"{new}_1", True)
    tries = [request for request in cluster.requests if request[0] == "try"]
    assert len(tries) == 4, "refused three times, then taken"
    assert ("PodChaos", "default", "chaos-harness-probe") not in cluster.objects


def test_a_manager_without_a_leader_is_not_whole(cluster, clock, monkeypatch):
    clock.advance(5)
    (old,) = cluster.pods_of("controller-manager")
    monkeypatch.setattr(cluster, "_lead", lambda pod: None)
    begun = rollout.restart(cluster, MANAGER, node=None, grace=1)
    with pytest.raises(NotReadyError) as raised:
        rollout.finish(cluster, begun, 8, CHAOS_MESH)
    assert raised.value.problem == "controller-manager has no leader after 8 s"
    assert raised.value.details == [f"the lease is held by {old}"]


def test_a_manager_whose_webhook_refuses_is_not_whole(cluster):
    cluster.webhook_down = 1000
    begun = rollout.restart(cluster, MANAGER, node=None, grace=1)
    with pytest.raises(NotReadyError) as raised:
        rollout.finish(cluster, begun, 6, CHAOS_MESH)
    assert raised.value.problem == "the webhook of controller-manager takes no experiment after 6 s"
    assert raised.value.details == ["failed calling webhook: connection refused"]


def test_scaling_keeps_what_was_there_first(cluster):
    rollout.finish(cluster, rollout.scale(cluster, MANAGER, 3), 30, CHAOS_MESH)
    assert len(cluster.pods_of("controller-manager")) == 3
    rollout.finish(cluster, rollout.scale(cluster, MANAGER, 2), 30, CHAOS_MESH)
    assert annotations(cluster, MANAGER) == {REPLICAS_BEFORE: "1"}
    patches = [request for request in cluster.requests if request[0] == "patch"]
    assert patches[0][3] == {"metadata": {"annotations": {REPLICAS_BEFORE: "1"}}, "spec": {"replicas": 3}}, (
        "one request, so that no end in between loses the number"
    )


def test_pods_that_are_scaled_away_do_not_cost_their_grace_period(cluster, clock):
    rollout.finish(cluster, rollout.scale(cluster, DASHBOARD, 3), 30, CHAOS_MESH)
    began = clock.now()
    assert len(rollout.finish(cluster, rollout.scale(cluster, DASHBOARD, 1), 60, CHAOS_MESH)) == 1
    assert clock.now() - began < 5


def test_without_a_daemon_to_kill_them_the_grace_period_is_waited_for(cluster, clock):
    del cluster.objects["Pod", CHAOS_MESH, "chaos-daemon-1"]
    rollout.finish(cluster, rollout.scale(cluster, DASHBOARD, 2), 30, CHAOS_MESH)
    began = clock.now()
    assert len(rollout.finish(cluster, rollout.scale(cluster, DASHBOARD, 1), 60, CHAOS_MESH)) == 1
    assert clock.now() - began >= 30


def test_scaled_to_none_is_done_when_none_is_left(cluster):
    assert rollout.finish(cluster, rollout.scale(cluster, MANAGER, 0), 60, CHAOS_MESH) == []
    assert cluster.pods_of("controller-manager") == []


def test_made_whole_is_as_it_was_before(cluster):
    rollout.finish(cluster, rollout.scale(cluster, MANAGER, 3), 30, CHAOS_MESH)
    assert rollout.restore_and_wait(cluster, CHAOS_MESH, ["controller-manager"]) == []
    assert (replicas(cluster, MANAGER), len(cluster.pods_of("controller-manager"))) == (1, 1)
    assert annotations(cluster, MANAGER) == {}


def test_what_a_killed_run_scaled_is_restored_without_being_told(cluster):
    rollout.scale(cluster, DASHBOARD, 0)
    assert rollout.restore_and_wait(cluster, CHAOS_MESH) == []
    assert (replicas(cluster, DASHBOARD), len(cluster.pods_of("chaos-dashboard"))) == (1, 1)
    before = len(cluster.requests)
    assert rollout.restore_and_wait(cluster, CHAOS_MESH) == []
    assert {request[0] for request in cluster.requests[before:]} == {"get", "list"}, (
        "nothing to do, nothing done"
    )


def test_what_was_denied_something_is_allowed_it_again_and_restarted(cluster, monkeypatch, clock):
    monkeypatch.setattr(working_time, "time", clock)
    role = cluster.role("chaos-controller-manager", "manager")
    rules = role["rules"]
    denial.deny(cluster, "controller-manager", CHAOS_MESH, ["statuschecks"], ["list"])
    before, others = cluster.pods_of("controller-manager"), cluster.pods_of("chaos-dashboard")
    assert rollout.restore_and_wait(cluster, CHAOS_MESH) == []
    assert (role["rules"], role["metadata"]["annotations"]) == (rules, {})
    assert not set(before) & set(cluster.pods_of("controller-manager"))
    assert cluster.pods_of("chaos-dashboard") == others


def test_what_was_denied_something_and_scaled_to_none_comes_back_without_a_restart(
    cluster, monkeypatch, clock
):
    monkeypatch.setattr(working_time, "time", clock)
    cluster.role("chaos-controller-manager", "manager")
    denial.deny(cluster, "controller-manager", CHAOS_MESH, ["statuschecks"], ["list"])
    rollout.finish(cluster, rollout.scale(cluster, MANAGER, 0), 60, CHAOS_MESH)
    assert rollout.restore_and_wait(cluster, CHAOS_MESH) == []
    assert (replicas(cluster, MANAGER), len(cluster.pods_of("controller-manager"))) == (1, 1)
    assert annotations(cluster, MANAGER) == {}


def test_what_is_not_whole_is_left_over(cluster):
    rollout.restart(cluster, DASHBOARD, node=None, grace=1)
    cluster.broken.add("chaos-dashboard")
    (left,) = rollout.restore_and_wait(cluster, CHAOS_MESH, ["chaos-dashboard"], seconds=5)
    assert (left.kind, left.name, left.forced) == ("Deployment", "chaos-dashboard", False)
    assert left.what_was_done.startswith("is not whole again: chaos-dashboard has 0 ready of 1 pods after ")


def test_a_component_that_is_not_installed_is_the_infrastructures_trouble(cluster):
    del cluster.objects["Deployment", CHAOS_MESH, "chaos-dashboard"]
    for act in (
        lambda: rollout.scale(cluster, DASHBOARD, 2),
        lambda: rollout.restart(cluster, DASHBOARD, node=None, grace=1),
    ):
        with pytest.raises(InfrastructureError, match="there is no Deployment chaos-dashboard"):
            act()


def test_an_api_server_that_does_not_answer_is_no_missing_pod(cluster):
    cluster.down = True
    with pytest.raises(UnreachableError):
        rollout.restore_and_wait(cluster, CHAOS_MESH, ["chaos-dashboard"])


def test_pods_that_nothing_keeps_are_not_restarted(cluster):
    group = workload_pods(WorkloadHandle("long-names", "n", {}, []))
    with pytest.raises(UsageError, match="can be neither restarted nor scaled"):
        rollout.restart(cluster, group, node=None, grace=1)
    with pytest.raises(UsageError, match="nothing keeps them"):
        rollout.scale(cluster, group, 2)
