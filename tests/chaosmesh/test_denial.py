"""What the API server refuses a component, and that it is put back, on a fake cluster."""

import json

import pytest

from harness.base import working_time
from harness.base.errors import InfrastructureError
from harness.chaosmesh import denial
from harness.chaosmesh.components import COMPONENTS
from harness.chaosmesh.denial import DENIED
from harness.kubernetes.errors import UnreachableError
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import CHAOS_MESH, FakeCluster

MANAGER = "controller-manager"
ALL = {"apiGroups": ["chaos-mesh.org"], "resources": ["*"], "verbs": ["*"]}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def cluster(clock, monkeypatch):
    monkeypatch.setattr(working_time, "time", clock)
    made = FakeCluster(clock)
    for job in (MANAGER, "chaos-dashboard"):
        made.component(job, COMPONENTS[job].kind, COMPONENTS[job].name)
    return made


@pytest.fixture
def role(cluster):
    cluster.role("chaos-controller-manager", "other", rules=[{**ALL, "apiGroups": ["apps"]}])
    return cluster.role("chaos-controller-manager", "manager")


def deny(cluster, resources=("statuschecks",), verbs=("delete",), job=MANAGER):
    denial.deny(cluster, job, CHAOS_MESH, resources, verbs)


def allowed(cluster, resource, verb, namespace=None, account="chaos-controller-manager"):
    asking = denial._Request(resource, verb, namespace)
    return denial._decision(cluster, denial._Account(CHAOS_MESH, account), asking)["allowed"]


def patches(cluster):
    return [request for request in cluster.requests if request[0] == "patch"]


def test_what_is_denied_is_refused_when_it_returns_and_nothing_else_is(cluster, role):
    other = cluster.role("chaos-dashboard", "dashboard")
    before = (role["rules"], other["rules"])
    deny(cluster)
    assert not allowed(cluster, "statuschecks", "delete")
    assert allowed(cluster, "statuschecks", "list")
    assert allowed(cluster, "statuschecks/status", "update")
    assert allowed(cluster, "podchaos", "delete")
    assert allowed(cluster, "statuschecks", "delete", account="chaos-dashboard")
    ((_, kind, name, patch),) = patches(cluster)
    assert (kind, name, sorted(patch)) == ("ClusterRole", "manager", ["metadata", "rules"]), (
        "one request, so that no end in between loses the rules"
    )
    kept = json.loads(role["metadata"]["annotations"][DENIED])
    assert kept == {"component": MANAGER, "rules": before[0]}


def test_all_is_allowed_again_when_it_returns(cluster, role):
    rules = role["rules"]
    deny(cluster)
    deny(cluster, ["podchaos"], ["list", "watch"])
    assert not allowed(cluster, "podchaos", "list")
    assert denial.lift(cluster, CHAOS_MESH, MANAGER) == {MANAGER}
    assert (role["rules"], role["metadata"]["annotations"]) == (rules, {})
    assert allowed(cluster, "podchaos", "list")
    assert allowed(cluster, "statuschecks", "delete")


def test_what_a_killed_run_denied_is_found_without_being_told(cluster, role):
    dashboard = cluster.role("chaos-dashboard", "dashboard")
    rules = role["rules"]
    deny(cluster)
    deny(cluster, job="chaos-dashboard")
    assert denial.lift(cluster, CHAOS_MESH, "chaos-dashboard") == {"chaos-dashboard"}
    assert DENIED in role["metadata"]["annotations"], "only what was denied to that component"
    assert denial.lift(cluster, CHAOS_MESH) == {MANAGER}
    assert (role["rules"], dashboard["rules"]) == (rules, rules)
    before = len(cluster.requests)
    assert denial.lift(cluster, CHAOS_MESH) == set()
    assert {request[0] for request in cluster.requests[before:]} == {"list"}, "nothing to do, nothing done"


def test_roles_of_a_namespace_are_asked_about_in_that_namespace(cluster):
    role = cluster.role("chaos-controller-manager", "manager", "Role", "target")
    deny(cluster)
    assert not allowed(cluster, "statuschecks", "delete", "target")
    denial.lift(cluster, CHAOS_MESH)
    assert allowed(cluster, "statuschecks", "delete", "target")
    assert DENIED not in role["metadata"]["annotations"]


def test_what_is_not_allowed_cannot_be_denied(cluster, role):
    with pytest.raises(InfrastructureError) as raised:
        deny(cluster, ["statuschecks/status"], ["delete", "list"], job="chaos-dashboard")
    assert raised.value.problem == (
        "no role allows chaos-dashboard to delete and list statuschecks/status: there is nothing to deny"
    )
    assert patches(cluster) == []


def test_a_role_that_others_have_too_is_left_alone(cluster, role):
    group = {"kind": "Group", "name": "operators"}
    cluster.put("RoleBinding", "b", "x", roleRef={"kind": "ClusterRole", "name": "manager"}, subjects=[group])
    with pytest.raises(InfrastructureError) as raised:
        deny(cluster)
    assert raised.value.problem == "the ClusterRole manager is not that of controller-manager alone"
    assert raised.value.details == ["Group operators"]
    assert patches(cluster) == []


def test_what_another_way_still_allows_is_told_and_put_back(cluster, role, clock):
    rules = role["rules"]
    group = {"kind": "Group", "name": "system:serviceaccounts"}
    cluster.put("ClusterRole", "wide", rules=[ALL])
    cluster.put(
        "ClusterRoleBinding", "wide", roleRef={"kind": "ClusterRole", "name": "wide"}, subjects=[group]
    )
    began = clock.now()
    with pytest.raises(InfrastructureError) as raised:
        deny(cluster)
    assert raised.value.problem == (
        "the API server still allows system:serviceaccount:chaos-mesh:chaos-controller-manager to delete "
        "statuschecks after 10 s, and should refuse it"
    )
    assert raised.value.details == ["RBAC: allowed by a binding"]
    assert clock.now() - began < 12
    denial.lift(cluster, CHAOS_MESH)
    assert role["rules"] == rules


def test_rules_that_do_not_come_into_force_again_are_told(cluster, role):
    deny(cluster)
    cluster.rules_seconds = 60
    with pytest.raises(InfrastructureError, match=r"still refuses .* to delete statuschecks after 10 s"):
        denial.lift(cluster, CHAOS_MESH)


def test_a_component_that_is_not_installed_is_the_infrastructures_trouble(cluster, role):
    del cluster.objects["Deployment", CHAOS_MESH, "chaos-controller-manager"]
    with pytest.raises(InfrastructureError, match="there is no Deployment chaos-controller-manager"):
        deny(cluster)


def test_an_api_server_that_does_not_answer_is_no_role_without_a_denial(cluster, role):
    cluster.down = True
    with pytest.raises(UnreachableError):
        denial.lift(cluster, CHAOS_MESH)
