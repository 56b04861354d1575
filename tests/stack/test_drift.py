"""What is decided about a stack, over what may be left of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.stack import drift
from harness.stack.handle import StackHandle, StackNode
from harness.stack.kind import Container
from tests.fakes.handles import stack_handle

HANDLE = stack_handle()
WANTED = drift.WantedCluster(provider="podman", image_key="key1", workers=0, scrape_interval=1.0)
WELL = drift.Observed([Container("one", True)], nodes={"one": True})


def test_what_works_is_reused() -> None:
    assert drift.decide(HANDLE, WANTED, WELL) == drift.Plan("reuse")


def test_nothing_is_made_without_explanation() -> None:
    assert drift.decide(None, WANTED, drift.Observed([])) == drift.Plan("create")


def test_a_half_made_cluster_is_made_anew() -> None:
    plan = drift.decide(None, WANTED, WELL)
    assert plan.action == "create"
    assert plan.reasons == ["one is there, but no `up` that came to its end is known"]


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (drift.Observed([]), "one is gone"),
        (drift.Observed([Container("one", False)]), "one was stopped"),
        (replace(WELL, api="connection refused"), "API server does not answer: connection refused"),
        (replace(WELL, nodes={"one": False}), "the node one is not ready"),
        (replace(WELL, nodes={}), "the node one is not ready"),
    ],
)
def test_ruins_are_made_anew(observed: drift.Observed, reason: str) -> None:
    plan = drift.decide(HANDLE, WANTED, observed)
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
def test_another_make_is_made_anew_and_says_what_changed(wanted: drift.WantedCluster, reason: str) -> None:
    assert drift.decide(HANDLE, wanted, WELL) == drift.Plan("create", [reason])


def test_another_interval_configures_prometheus_only() -> None:
    plan = drift.decide(HANDLE, replace(WANTED, scrape_interval=2.0), WELL)
    assert (plan.action, plan.parts) == ("repair", frozenset({"prometheus"}))
    assert plan.reasons == ["the scrape interval was 1 s, not 2 s"]


def test_a_changed_configuration_is_applied() -> None:
    handle = HANDLE.model_copy(update={"configuration": {"chaos-mesh": "a", "prometheus": "b"}})
    same = replace(WANTED, configuration={"chaos-mesh": "a", "prometheus": "b"})
    assert drift.decide(handle, same, WELL) == drift.Plan("reuse")
    plan = drift.decide(handle, replace(WANTED, configuration={"chaos-mesh": "a", "prometheus": "c"}), WELL)
    assert (plan.action, plan.parts) == ("repair", frozenset({"prometheus"}))
    assert plan.reasons == ["the configuration of prometheus has changed"]


def test_broken_parts_are_repaired() -> None:
    plan = drift.decide(HANDLE, WANTED, replace(WELL, chaos_mesh=["chaos-daemon is not installed"]))
    assert (plan.action, plan.parts) == ("repair", frozenset({"chaos-mesh"}))
    both = drift.decide(HANDLE, WANTED, replace(WELL, chaos_mesh=["x"], prometheus=["y"]))
    assert both.parts == {"chaos-mesh", "prometheus"}
    assert both.reasons == ["x", "y"]


WITH_UML = HANDLE.model_copy(
    update={
        "uml_key": "uml1",
        "nodes": [*HANDLE.nodes, StackNode(name="c-uml", kernel="6.1", runtime="containerd", cgroup="v2")],
    }
)
WANTED_UML = replace(WANTED, uml_key="uml1")
WELL_UML = drift.Observed(
    [Container("c-uml", True), Container("one", True)], nodes={"one": True, "c-uml": True}
)


def test_a_worker_in_user_mode_linux_is_reused_and_counts_as_no_worker_of_kind() -> None:
    assert drift.decide(WITH_UML, WANTED_UML, WELL_UML) == drift.Plan("reuse")
    assert drift.workers(WITH_UML) == drift.workers(HANDLE) == 0
    assert drift.expected_targets(WITH_UML)["chaos-daemon"] == 2


@pytest.mark.parametrize(
    ("handle", "wanted", "observed", "reason"),
    [
        (HANDLE, WANTED_UML, WELL, "the worker c-uml is wanted"),
        (WITH_UML, WANTED, WELL_UML, "the worker c-uml is not wanted any more"),
        (HANDLE, WANTED, WELL_UML, "the worker c-uml is not wanted any more"),
        (
            WITH_UML,
            replace(WANTED, uml_key="uml2"),
            WELL_UML,
            "the worker c-uml is made from other files now",
        ),
        (WITH_UML, WANTED_UML, WELL, "the worker c-uml was stopped"),
        (
            WITH_UML,
            WANTED_UML,
            replace(WELL_UML, containers=[Container("c-uml", False), Container("one", True)]),
            "the worker c-uml was stopped",
        ),
        (WITH_UML, WANTED_UML, replace(WELL_UML, nodes={"one": True}), "the worker c-uml is not ready"),
    ],
)
def test_a_worker_in_user_mode_linux_is_renewed_or_removed_and_the_cluster_stays(
    handle: StackHandle, wanted: drift.WantedCluster, observed: drift.Observed, reason: str
) -> None:
    plan = drift.decide(handle, wanted, observed)
    assert plan.action == "repair"
    assert plan.parts == {"uml-worker"}
    assert plan.reasons == [reason]


def test_the_control_plane_is_still_not_repaired_beside_a_worker_in_user_mode_linux() -> None:
    observed = replace(WELL_UML, containers=[Container("c-uml", True)])
    assert drift.decide(WITH_UML, WANTED_UML, observed) == drift.Plan("create", ["one is gone"])


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
    found = drift.workloads_not_ready(items, ["controller-manager", "chaos-daemon"])
    assert found == complaints


def test_a_daemon_is_expected_on_each_node() -> None:
    two = HANDLE.model_copy(update={"nodes": [*HANDLE.nodes, HANDLE.nodes[0]]})
    assert drift.expected_targets(two) == {
        "controller-manager": 1,
        "chaos-daemon": 2,
        "chaos-dashboard": 1,
        "prometheus": 1,
    }


NODES = {
    "items": [{"metadata": {"name": "one"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}]
}
DEPLOYMENTS = {"items": [MANAGER, workload("Deployment", "chaos-dashboard", readyReplicas=1)]}
CONFIG = {"status": "success", "data": {"yaml": "global: {external_labels: {chaos_harness_stack: abc}}"}}
TARGETS = {
    "status": "success",
    "data": {
        "activeTargets": [
            {
                "labels": {"job": job, "instance": job},
                "health": "up",
                "lastError": "",
                "lastScrape": "2026-11-23T00:00:00Z",
                "lastScrapeDuration": 0.1,
                "scrapeInterval": "1s",
            }
            for job in drift.expected_targets(HANDLE)
        ]
    },
}
ALL = {
    "/nodes": NODES,
    "/deployments": DEPLOYMENTS,
    "/daemonsets": {
        "items": [workload("DaemonSet", "chaos-daemon", numberReady=1, desiredNumberScheduled=1)]
    },
    "/status/config": CONFIG,
    "/targets": TARGETS,
}
RUNNING = [Container("one", True)]

Look = Callable[..., tuple[drift.Observed, list[str]]]


@pytest.fixture
def look(api: Any, kubeconfig: Path) -> Look:
    """Look at a cluster that answers from a table, by the end of the path; return what was asked for, too."""

    def observe(answers: dict[str, Any], containers: list[Container]) -> tuple[drift.Observed, list[str]]:
        paths: list[str] = []

        def route(request: Any) -> None:
            paths.append(request.path)
            answer = next((each for end, each in answers.items() if request.path.endswith(end)), None)
            if answer is None:
                status = {"kind": "Status", "apiVersion": "v1", "message": "connection refused"}
                request.answer(503, status)
            else:
                request.answer(200, answer | {"metadata": {"resourceVersion": "1"}})

        api.route = route
        handle = HANDLE.model_copy(update={"kubeconfig": kubeconfig, "context": "own"})
        return drift.observe(handle, containers), paths

    return observe


def test_a_stack_in_order(look: Look) -> None:
    observed, _ = look(ALL, RUNNING)
    assert observed == WELL


def test_a_silent_api_server_is_asked_once(look: Look) -> None:
    observed, paths = look({}, RUNNING)
    assert observed.api == "connection refused"
    assert paths == ["/api/v1/nodes"]


def test_a_kubeconfig_that_is_broken_is_an_api_server_that_does_not_answer(tmp_path: Path) -> None:
    broken = tmp_path / "kubeconfig"
    broken.touch()
    observed = drift.observe(HANDLE.model_copy(update={"kubeconfig": broken}), RUNNING)
    assert observed.api
    assert drift.decide(HANDLE, WANTED, observed).action == "create"


def test_stopped_containers_are_not_asked_at_all(look: Look) -> None:
    stopped = [Container("one", False)]
    assert look(ALL, stopped) == (drift.Observed(stopped), [])


def test_another_prometheus_is_noticed(look: Look) -> None:
    other = {"status": "success", "data": {"yaml": "global: {external_labels: {chaos_harness_stack: other}}"}}
    observed, _ = look({**ALL, "/status/config": other}, RUNNING)
    assert observed.prometheus == ["another Prometheus answers (other)"]


def test_a_target_that_is_down_is_noticed(look: Look) -> None:
    none = {"status": "success", "data": {"activeTargets": []}}
    observed, _ = look({**ALL, "/targets": none}, RUNNING)
    assert "chaos-daemon has 0 targets, not 1" in observed.prometheus
    assert observed.chaos_mesh == []


def test_what_does_not_answer_is_a_complaint(look: Look) -> None:
    observed, _ = look({"/nodes": NODES}, RUNNING)
    assert observed.chaos_mesh == ["Chaos Mesh does not answer: connection refused"]
    assert observed.prometheus == ["Prometheus does not answer: connection refused"]
