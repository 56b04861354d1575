"""`ci/safe-proof` finds what a run did to things of others, and does not take their own doings for it."""

from __future__ import annotations

import copy
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from harness.base import bundled
from harness.scenario.load import load

ROOT = Path(__file__).resolve().parent.parent


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("safe_proof", ROOT / "ci" / "safe_proof.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PROOF = loaded()


def made(kind: str, name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": "1",
        "resourceVersion": "7",
        "labels": {"a": "b"},
    }
    return {"kind": kind, "metadata": metadata, "spec": {"x": 1}, **more}


POD = made(
    "Pod",
    "web",
    status={"phase": "Running", "containerStatuses": [{"name": "web", "restartCount": 0, "ready": True}]},
)
CHAOS = made(
    "StressChaos",
    "burn",
    status={"experiment": {"n": 1}, "conditions": [{"type": "AllInjected", "status": "True"}]},
)
LEASE = made("Lease", "leader", "kube-system")
MESH = made("Deployment", "chaos-controller-manager", "chaos-mesh")


def seen(*bodies: dict[str, Any]) -> dict[str, Any]:
    return {PROOF._key(body): PROOF.steady(body) for body in bodies}


def changed(body: dict[str, Any], at: str, value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(body)
    inner: Any = whole
    *way, last = at.split("/")
    for step in way:
        inner = inner[int(step) if step.isdigit() else step]
    inner[last] = value
    return whole


@pytest.mark.parametrize(
    ("body", "at", "value"),
    [
        (POD, "metadata/resourceVersion", "8"),
        (POD, "metadata/managedFields", [{}]),
        (POD, "status/phase", "Pending"),
        (CHAOS, "status/experiment/n", 2),
        (LEASE, "spec/renewTime", "now"),
    ],
)
def test_what_changes_by_itself_is_no_difference(body: dict[str, Any], at: str, value: Any) -> None:
    assert PROOF.differences(seen(body), seen(changed(body, at, value)), restarted=False) == []


@pytest.mark.parametrize(
    ("body", "at", "value", "told"),
    [
        (POD, "metadata/labels", {}, "Pod shop web: metadata.labels.a was"),
        (POD, "metadata/uid", "2", "Pod shop web: metadata.uid was"),
        (POD, "metadata/finalizers", ["x/y"], "Pod shop web: metadata.finalizers was"),
        (POD, "metadata/deletionTimestamp", "now", "Pod shop web: metadata.deletionTimestamp was"),
        (POD, "spec/x", 2, "Pod shop web: spec.x was 1, is 2"),
        (POD, "status/containerStatuses/0/restartCount", 1, "Pod shop web: restarts.web was 0, is 1"),
        (CHAOS, "status/conditions", [], "StressChaos shop burn: conditions.AllInjected was"),
        (LEASE, "spec/x", 2, "Lease kube-system leader: spec.x was"),
        (
            MESH,
            "metadata/generation",
            2,
            "Deployment chaos-mesh chaos-controller-manager: metadata.generation",
        ),
    ],
)
def test_what_somebody_changed_is_told(body: dict[str, Any], at: str, value: Any, told: str) -> None:
    (line,) = PROOF.differences(seen(body), seen(changed(body, at, value)), restarted=False)
    assert line.startswith(told)


def test_what_came_and_went_is_told() -> None:
    other = made("ConfigMap", "new")
    assert PROOF.differences(seen(POD), seen(other), restarted=True) == [
        "ConfigMap shop new: appeared",
        "Pod shop web: is gone",
    ]


def test_after_a_disruption_pods_of_chaos_mesh_are_others_and_nothing_else_is() -> None:
    old, new = made("Pod", "daemon-a", "chaos-mesh"), made("Pod", "daemon-b", "chaos-mesh")
    before, after = seen(old, MESH), seen(new, changed(MESH, "metadata/generation", 3))
    assert PROOF.differences(before, after, restarted=True) == []
    assert len(PROOF.differences(before, after, restarted=False)) == 3
    scaled = seen(new, changed(MESH, "spec/x", 3))
    assert len(PROOF.differences(before, scaled, restarted=True)) == 1


def test_what_their_schedule_makes_is_theirs() -> None:
    child = changed(CHAOS, "metadata/ownerReferences", [{"kind": "Schedule", "name": "each-minute"}])
    assert PROOF._is_made_by_schedule(child)
    assert not PROOF._is_made_by_schedule(CHAOS)


@pytest.mark.parametrize("stage", PROOF.STAGES)
def test_the_scenarios_of_a_stage_are_there(stage: str) -> None:
    for name in PROOF.STAGES[stage].scenarios:
        assert load(bundled.scenarios() / f"{name}.yaml")


STAGE = PROOF.Stage(rbac=(), run=(), passed=("x/plain",), skipped=("x/node",), shared=("x/looks",))
OTHERS = "inconclusive: others used Chaos Mesh meanwhile: StressChaos shop/burn: the increase is 2"


def came_out(name: str, verdict: str, *reasons: str, **more: Any) -> dict[str, Any]:
    findings = [{"level": "must", "verdict": "error", "reason": each} for each in reasons]
    step = {"problem": None, "findings": findings}
    result = {"name": name, "file": f"scenarios/x/{name}.yaml", "verdict": verdict, "reason": None}
    return {**result, "steps": [step], "leftovers": [], **more}


GOOD = [came_out("plain", "passed"), came_out("node", "skipped"), came_out("looks", "passed")]


@pytest.mark.parametrize(
    ("others", "code"),
    [
        (GOOD, 0),
        ([GOOD[0], GOOD[1], came_out("looks", "error", OTHERS)], 6),
        ([GOOD[0], GOOD[1], came_out("looks", "error", reason="inconclusive: others use Chaos Mesh: x")], 6),
        ([came_out("plain", "known_issue"), *GOOD[1:]], 0),
    ],
)
def test_each_scenario_comes_out_as_its_stage_says(others: list[Any], code: int) -> None:
    assert PROOF.unexpected(STAGE, {"scenarios": others}, code) == []


@pytest.mark.parametrize(
    ("others", "code", "told"),
    [
        ([*GOOD[:2], came_out("looks", "failed")], 1, "looks: failed, expected known_issue or passed: "),
        ([*GOOD[:2], came_out("looks", "error", OTHERS, "no API server")], 6, "looks: error, expected"),
        ([*GOOD[:2], came_out("looks", "error")], 6, "looks: error, expected"),
        ([came_out("plain", "error", OTHERS), *GOOD[1:]], 6, "plain: error, expected known_issue or passed"),
        ([GOOD[0], came_out("node", "passed"), GOOD[2]], 0, "node: passed, expected skipped: "),
        (GOOD[:2], 0, "x/looks: did not run"),
        (GOOD, 1, "the run ended with 1, and each scenario as expected"),
        (GOOD, 6, "the run ended with 6, and each scenario as expected"),
        (
            [came_out("plain", "passed", leftovers=[{"kind": "Pod", "name": "a"}]), *GOOD[1:]],
            1,
            "plain: left Pod a",
        ),
    ],
)
def test_whatever_comes_out_otherwise_fails_the_stage(others: list[Any], code: int, told: str) -> None:
    (line,) = PROOF.unexpected(STAGE, {"scenarios": others}, code)
    assert line.startswith(told)


def test_the_status_of_chaos_is_no_generation_and_that_of_others_is_none() -> None:
    """The CRDs of Chaos Mesh have no subresource for it; a Deployment's generation is its spec's."""
    schedule = made("Schedule", "each-minute", apiVersion="chaos-mesh.org/v1alpha1")
    assert (
        PROOF.differences(seen(schedule), seen(changed(schedule, "metadata/generation", 9)), restarted=False)
        == []
    )
    assert PROOF.differences(seen(schedule), seen(changed(schedule, "spec/x", 9)), restarted=False)


def test_what_others_have_covers_what_could_be_hit() -> None:
    objects = [each for each in yaml.safe_load_all((ROOT / "ci" / "safe-proof.yaml").read_text()) if each]
    kinds = {each["kind"] for each in objects}
    assert {"Namespace", "Deployment", "StressChaos", "NetworkChaos", "Schedule", "Workflow"} <= kinds
    assert any(each["metadata"].get("finalizers") for each in objects)
    assert any("chaos-harness/run" in (each["metadata"].get("labels") or {}) for each in objects)
