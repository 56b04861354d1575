"""The Chaos Mesh of others is found, and read from its objects."""

from __future__ import annotations

from typing import Any

import pytest

from harness.kubernetes.client import Cluster
from harness.stack.existing import chaosmesh
from harness.stack.existing.chaosmesh import NotThereError
from tests.stack.existing.conftest import NAMESPACE, TheirCluster, owner


@pytest.fixture
def cluster(theirs: TheirCluster, kubeconfig: Any) -> Cluster:
    return Cluster.connect(kubeconfig)


def test_all_is_read_from_its_objects(cluster: Cluster) -> None:
    found = chaosmesh.find(cluster)
    assert found is not None
    assert (found.namespace, found.release, found.version) == (NAMESPACE, "chaos", "v2.7.3")
    assert found.replicas == {"controller-manager": 3, "chaos-dashboard": 3, "chaos-daemon": 2}
    assert found.runtime == "containerd"
    assert found.features == {
        "cluster-scoped": "true",
        "filter-namespace": "false",
        "leader-election": "true",
        "dashboard-security": "true",
    }


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("ghcr.io/chaos-mesh/chaos-mesh:v2.8.4@sha256:0f", "v2.8.4"),
        ("mirror:5000/chaos-mesh/chaos-mesh@sha256:0f", "2.7.3"),
        ("mirror:5000/chaos-mesh/chaos-mesh", "2.7.3"),
        ("chaos-mesh:latest", "2.7.3"),
    ],
)
def test_the_version_is_that_of_the_image_else_of_the_chart(
    theirs: TheirCluster, cluster: Cluster, image: str, version: str
) -> None:
    theirs.objects["deployments"][0]["spec"]["template"]["spec"]["containers"][0]["image"] = image
    found = chaosmesh.find(cluster)
    assert found is not None
    assert found.version == version


@pytest.mark.parametrize(
    ("command", "args", "runtime"),
    [(["d"], ["--runtime=docker"], "docker"), (["d", "--runtime", "crio"], [], "crio"), (["d"], [], "")],
)
def test_the_runtime_is_what_the_daemon_was_told(
    theirs: TheirCluster, cluster: Cluster, command: list[str], args: list[str], runtime: str
) -> None:
    theirs.objects["daemonsets"][0]["spec"]["template"]["spec"]["containers"][0] |= {
        "command": command,
        "args": args,
    }
    found = chaosmesh.find(cluster)
    assert found is not None
    assert found.runtime == runtime


def test_where_nothing_of_it_is_there_is_none(theirs: TheirCluster, cluster: Cluster) -> None:
    for kind in ("deployments", "daemonsets", "customresourcedefinitions"):
        theirs.objects[kind] = []
    theirs.objects["deployments"] = [owner("Deployment", "another", "controller-manager", {})]
    theirs.objects["deployments"][0]["metadata"]["labels"]["app.kubernetes.io/name"] = "another"
    assert chaosmesh.find(cluster) is None


def test_crds_without_a_manager_are_half_of_it(theirs: TheirCluster, cluster: Cluster) -> None:
    theirs.objects["deployments"], theirs.objects["daemonsets"] = [], []
    with pytest.raises(NotThereError, match="half there") as caught:
        chaosmesh.find(cluster)
    assert caught.value.details == ["found: 1 CRDs of chaos-mesh.org"]


def test_daemons_without_a_manager_are_half_of_it(theirs: TheirCluster, cluster: Cluster) -> None:
    theirs.objects["deployments"] = []
    with pytest.raises(NotThereError, match="half there") as caught:
        chaosmesh.find(cluster)
    assert f"DaemonSet {NAMESPACE}/chaos-daemon" in caught.value.details[0]


@pytest.mark.parametrize(
    ("kind", "position", "missing"),
    [("deployments", 1, "chaos-dashboard"), ("daemonsets", 0, "chaos-daemon"), ("crds", 0, "the CRDs")],
)
def test_what_is_missing_is_named(
    theirs: TheirCluster, cluster: Cluster, kind: str, position: int, missing: str
) -> None:
    del theirs.objects["customresourcedefinitions" if kind == "crds" else kind][position]
    with pytest.raises(NotThereError, match=f"in the namespace {NAMESPACE} is incomplete: {missing} missing"):
        chaosmesh.find(cluster)


@pytest.mark.parametrize(
    ("kind", "position", "status", "problem"),
    [
        ("deployments", 0, {}, "controller-manager in the namespace chaos-testing is not ready: 0 of 3 pods"),
        ("deployments", 1, {"readyReplicas": 0}, "chaos-dashboard .* is not ready: 0 of 3 pods"),
        ("daemonsets", 0, {"desiredNumberScheduled": 2}, "chaos-daemon .* is not ready: 0 of 2 pods"),
    ],
)
def test_a_component_that_is_not_ready_is_named(
    theirs: TheirCluster, cluster: Cluster, kind: str, position: int, status: dict[str, int], problem: str
) -> None:
    theirs.objects[kind][position]["status"] = status
    with pytest.raises(NotThereError, match=problem) as caught:
        chaosmesh.find(cluster)
    assert caught.value.next_step.startswith(f"look at it: kubectl --namespace {NAMESPACE} describe")


def test_why_a_component_is_not_ready_is_said_first(theirs: TheirCluster, cluster: Cluster) -> None:
    owner = theirs.objects["deployments"][0]
    owner["status"] = {}
    for found in theirs.objects["pods"]:
        found["status"] = {"conditions": [{"type": "Ready", "status": "False", "reason": "NodeNotReady"}]}
    with pytest.raises(NotThereError, match=r"0 of 3 pods: .*: Ready: NodeNotReady"):
        chaosmesh.find(cluster)
    node = next(each for each in theirs.objects["nodes"])
    node["status"] = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    name = node["metadata"]["name"]
    with pytest.raises(NotThereError, match=rf"0 of 3 pods: .*: its node {name} is not ready"):
        chaosmesh.find(cluster)
    owner["spec"]["replicas"] = 0
    with pytest.raises(NotThereError, match=r"0 of 1 pods: it is scaled to 0"):
        chaosmesh.find(cluster)


def test_a_component_of_another_namespace_is_not_its_own(theirs: TheirCluster, cluster: Cluster) -> None:
    theirs.objects["daemonsets"][0]["metadata"]["namespace"] = "elsewhere"
    with pytest.raises(NotThereError, match="chaos-daemon missing"):
        chaosmesh.find(cluster)


def test_two_of_them_are_named(theirs: TheirCluster, cluster: Cluster) -> None:
    second = owner("Deployment", "chaos-controller-manager", "controller-manager", {})
    second["metadata"]["namespace"] = "second"
    theirs.objects["deployments"].append(second)
    with pytest.raises(NotThereError, match="there are 2 Chaos Meshes") as caught:
        chaosmesh.find(cluster)
    assert caught.value.details == [
        f"found: {NAMESPACE}/chaos-controller-manager (release chaos)",
        "found: second/chaos-controller-manager (release chaos)",
    ]


def test_one_that_acts_on_a_single_namespace_does_not_serve(theirs: TheirCluster, cluster: Cluster) -> None:
    environment = theirs.objects["deployments"][0]["spec"]["template"]["spec"]["containers"][0]["env"]
    environment[0]["value"] = "false"
    with pytest.raises(NotThereError, match="acts on the namespace chaos-testing only"):
        chaosmesh.find(cluster)
