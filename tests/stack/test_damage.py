"""What is decided about a stack, over what may be left of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.base import process
from harness.stack import damage
from harness.stack.handle import NodeFacts, ServiceAddress, StackHandle
from harness.stack.kind import Container
from harness.stack.kubectl import Kubectl

HANDLE = StackHandle(
    cluster="c",
    provider="podman",
    kubeconfig=Path("kubeconfig"),
    context="kind-c",
    identity="abc",
    prometheus=ServiceAddress(namespace="chaos-harness", name="prometheus", port=9090),
    dashboard=ServiceAddress(namespace="chaos-mesh", name="chaos-dashboard", port=2333),
    chaos_mesh_namespace="chaos-mesh",
    workload_image="workload",
    scrape_interval=1.0,
    scrape_timeout=1.0,
    images="source",
    image_key="key1",
    versions={},
    stand_ins=[],
    nodes=[NodeFacts(name="one", kernel="6", runtime="containerd", cgroup="v2")],
)
WANTED = damage.Wanted(provider="podman", image_key="key1", workers=0, scrape_interval=1.0)
WELL = damage.Observed([Container("one", True)], nodes={"one": True})


def test_what_works_is_reused() -> None:
    assert damage.decide(HANDLE, WANTED, WELL) == damage.Plan("reuse")


def test_nothing_is_made_without_explanation() -> None:
    assert damage.decide(None, WANTED, damage.Observed([])) == damage.Plan("create")


def test_a_half_made_cluster_is_made_anew() -> None:
    plan = damage.decide(None, WANTED, WELL)
    assert plan.action == "create"
    assert plan.reasons == ["one is there, but no `up` that came to its end is known"]


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (damage.Observed([]), "one is gone"),
        (damage.Observed([Container("one", False)]), "one was stopped"),
        (replace(WELL, api="connection refused"), "API server does not answer: connection refused"),
        (replace(WELL, nodes={"one": False}), "the node one is not ready"),
        (replace(WELL, nodes={}), "the node one is not ready"),
    ],
)
def test_ruins_are_made_anew(observed: damage.Observed, reason: str) -> None:
    plan = damage.decide(HANDLE, WANTED, observed)
    assert plan.action == "create"
    assert reason in plan.reasons[0]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (replace(WANTED, image_key="key2"), "its images are others (key key1, wanted key2)"),
        (replace(WANTED, workers=1), "it has 0 workers, not 1"),
        (replace(WANTED, provider="docker"), "it was made with podman, not docker"),
    ],
)
def test_another_make_is_made_anew_and_says_what_changed(wanted: damage.Wanted, reason: str) -> None:
    assert damage.decide(HANDLE, wanted, WELL) == damage.Plan("create", [reason])


def test_another_interval_configures_prometheus_only() -> None:
    plan = damage.decide(HANDLE, replace(WANTED, scrape_interval=2.0), WELL)
    assert (plan.action, plan.parts) == ("repair", {"prometheus"})
    assert plan.reasons == ["the scrape interval was 1 s, not 2 s"]


def test_a_changed_configuration_is_applied() -> None:
    handle = HANDLE.model_copy(update={"configuration": {"chaos-mesh": "a", "prometheus": "b"}})
    same = replace(WANTED, configuration={"chaos-mesh": "a", "prometheus": "b"})
    assert damage.decide(handle, same, WELL) == damage.Plan("reuse")
    plan = damage.decide(handle, replace(WANTED, configuration={"chaos-mesh": "a", "prometheus": "c"}), WELL)
    assert (plan.action, plan.parts) == ("repair", {"prometheus"})
    assert plan.reasons == ["the configuration of prometheus has changed"]


def test_broken_parts_are_repaired() -> None:
    plan = damage.decide(HANDLE, WANTED, replace(WELL, chaos_mesh=["chaos-daemon is not installed"]))
    assert (plan.action, plan.parts) == ("repair", {"chaos-mesh"})
    both = damage.decide(HANDLE, WANTED, replace(WELL, chaos_mesh=["x"], prometheus=["y"]))
    assert both.parts == {"chaos-mesh", "prometheus"}
    assert both.reasons == ["x", "y"]


def workload(kind: str, name: str, **status: int) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, "spec": {"replicas": 1}, "status": status}


MANAGER = workload("Deployment", "chaos-controller-manager", readyReplicas=1)
DAEMON = workload("DaemonSet", "chaos-daemon", numberReady=2, desiredNumberScheduled=2)


@pytest.mark.parametrize(
    ("items", "complaints"),
    [
        ([MANAGER, DAEMON], []),
        ([DAEMON], ["controller-manager is not installed"]),
        ([workload("Deployment", "chaos-controller-manager"), DAEMON], ["controller-manager: 0 of 1 ready"]),
        (
            [MANAGER, workload("DaemonSet", "chaos-daemon", numberReady=1, desiredNumberScheduled=2)],
            ["chaos-daemon: 1 of 2 ready"],
        ),
        ([MANAGER, workload("DaemonSet", "chaos-daemon")], ["chaos-daemon: 0 of 1 ready"]),
    ],
)
def test_workloads(items: list[dict[str, Any]], complaints: list[str]) -> None:
    found = damage.workloads_not_ready({"items": items}, ["controller-manager", "chaos-daemon"])
    assert found == complaints


def test_a_daemon_is_expected_on_each_node() -> None:
    two = HANDLE.model_copy(update={"nodes": [*HANDLE.nodes, HANDLE.nodes[0]]})
    assert damage.expected_targets(two) == {
        "controller-manager": 1,
        "chaos-daemon": 2,
        "chaos-dashboard": 1,
        "prometheus": 1,
    }


class Cluster:
    """Answers kubectl from a table: the first key that is in the command line wins."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.calls: list[str] = []

    def __call__(self, name: str, argv: list[str | Path], **options: Any) -> process.Result:
        line = " ".join(str(word) for word in argv)
        self.calls.append(line)
        for part, answer in self.answers.items():
            if part in line:
                return process.Result(0, json.dumps(answer), "", 0.1)
        raise process.CommandError(
            f"cannot {name}: exit code 1", details=["command: ...", "connection refused"]
        )


NODES = {
    "items": [{"metadata": {"name": "one"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}]
}
WORKLOADS = {
    "items": [
        MANAGER,
        DAEMON,
        workload("Deployment", "chaos-dashboard", readyReplicas=1),
    ]
}
CONFIG = {"data": {"yaml": "global: {external_labels: {chaos_harness_stack: abc}}"}}
TARGETS = {
    "data": {
        "activeTargets": [
            {
                "labels": {"job": job, "instance": job},
                "health": "up",
                "lastError": "",
                "lastScrapeDuration": 0.1,
            }
            for job in damage.expected_targets(HANDLE)
        ]
    }
}
ALL = {"get nodes": NODES, "deployments,daemonsets": WORKLOADS, "status/config": CONFIG, "targets": TARGETS}


def look(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> tuple[damage.Observed, Cluster]:
    cluster = Cluster(answers)
    monkeypatch.setattr(process, "run", cluster)
    observed = damage.observe(Kubectl(Path("kubectl"), Path("k")), HANDLE, [Container("one", True)])
    return observed, cluster


def test_a_stack_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    observed, _ = look(monkeypatch, ALL)
    assert observed == WELL


def test_a_silent_api_server_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    observed, cluster = look(monkeypatch, {})
    assert observed.api == "connection refused"
    assert len(cluster.calls) == 1


def test_stopped_containers_are_not_asked_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(ALL)
    monkeypatch.setattr(process, "run", cluster)
    stopped = [Container("one", False)]
    observed = damage.observe(Kubectl(Path("kubectl"), Path("k")), HANDLE, stopped)
    assert observed == damage.Observed(stopped)
    assert cluster.calls == []


def test_another_prometheus_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"data": {"yaml": "global: {external_labels: {chaos_harness_stack: other}}"}}
    observed, _ = look(monkeypatch, {**ALL, "status/config": other})
    assert observed.prometheus == ["another Prometheus answers (other)"]


def test_a_target_that_is_down_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    observed, _ = look(monkeypatch, {**ALL, "targets": {"data": {"activeTargets": []}}})
    assert "chaos-daemon has 0 targets, not 1" in observed.prometheus
    assert observed.chaos_mesh == []


def test_what_does_not_answer_is_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    observed, _ = look(monkeypatch, {"get nodes": NODES})
    assert observed.chaos_mesh == ["Chaos Mesh does not answer: connection refused"]
    assert observed.prometheus == ["Prometheus does not answer: connection refused"]
