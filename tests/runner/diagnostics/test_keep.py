"""When evidence is kept: at the step that fails, before the next one or the clean-up changes anything."""

import dataclasses
import errno
from typing import Any

import pytest

from harness.chaosmesh import cleanup
from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.kubernetes.errors import UnreachableError
from harness.kubernetes.leftovers import StuckObject
from harness.lint.check import load_checked
from harness.report.text import leftovers_text, scenario_text
from harness.results.scenario import Leftover as Left
from harness.results.scenario import ScenarioResult, StepResult
from harness.runner import clean_up, runner
from harness.runner.diagnostics import collect, keep

SCENARIO = """\
scenario: example
about: A pod that is paused and comes back.
tags: [made-up]
workload: mini-node-exporter
chaos:
  fail:
    kind: PodChaos
    spec: {action: pod-failure, mode: one, selector: "${workload.selector}"}
steps:
  - apply: fail
    until: running
    bound: 5
    proof: {oracle: images, in: "${fail.targets}", image: pause, at_least: 1}
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}", kind: PodChaos, phase: running}
        equals: 1
  - delete: fail
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}"}
        absent: true
"""
EXPERIMENTS = "chaos_controller_manager_chaos_experiments"
EVENTS = "chaos_controller_manager_emitted_event_total"
WRONG = SCENARIO.replace("equals: 1", "equals: 2")


class Kept(list[Any]):
    """What was asked to be collected, with the objects that were there at that moment."""

    fails = None


@pytest.fixture
def kept(cluster, monkeypatch):
    found = Kept()

    def collecting(scene, folder, why):
        kinds = {kind for kind, namespace, _ in cluster.objects if namespace == scene.namespace}
        found.append((scene, folder, why, kinds))
        if found.fails:
            raise found.fails

    monkeypatch.setattr(collect, "collect", collecting)
    return found


@pytest.fixture
def run(around, tmp_path, kept):
    def running(text=SCENARIO):
        path = tmp_path / "example.yaml"
        path.write_text(text)
        folder = dataclasses.replace(around, diagnostics=tmp_path / "diagnostics")
        return runner.run(load_checked(path)[0], folder, catalogue())

    return running


def test_of_what_passes_nothing_is_kept(run, kept):
    result = run()
    assert (result.verdict, result.diagnostics) == (Verdict.PASS, None)
    assert kept == []


def test_what_should_hold_and_does_not_is_no_reason(run, kept):
    result = run(WRONG.replace("equals: 2", "equals: 2\n        level: should"))
    assert result.verdict is Verdict.PASS
    assert kept == []


def test_a_failed_expectation_is_looked_into_while_the_chaos_is_there(run, kept, tmp_path):
    result = run(WRONG)
    assert result.verdict is Verdict.FAIL
    ((scene, folder, why, kinds),) = kept
    assert folder == tmp_path / "diagnostics/example/step-1"
    assert why.splitlines()[0] == "step 1: apply fail"
    assert "failed: chaos_controller_manager_chaos_experiments equals: " in why
    assert not scene.infrastructure
    assert {"PodChaos", "Pod"} <= kinds
    assert scene.namespace == result.namespace
    assert (scene.metrics, scene.jobs) == (
        {"chaos_controller_manager_chaos_experiments"},
        {"controller-manager"},
    )
    assert {target["pod"] for target in scene.targets} == {"mini-node-exporter-0"}
    assert 10 < scene.seconds < 20, "since the step began, which waited for its deadline"
    assert result.diagnostics == tmp_path / "diagnostics/example"
    assert f"diagnostics: {tmp_path}/diagnostics/example" in scenario_text(result)


def test_the_metrics_of_an_expression_are_those_in_it(run, kept, prometheus):
    expression = f"count({EXPERIMENTS}) / count({EVENTS})"
    prometheus.evaluates[expression] = lambda at: 1
    run(
        WRONG.replace(
            "- metric: chaos_controller_manager_chaos_experiments\n        where: {namespace: "
            '"${namespace}", kind: PodChaos, phase: running}',
            f"- promql: {expression}",
        )
    )
    ((scene, *_),) = kept
    assert scene.metrics == {EXPERIMENTS, EVENTS}
    assert scene.jobs == {"controller-manager"}


def test_a_step_that_did_not_come_about_is_looked_into_with_all_that_is_watched(run, kept, cluster):
    cluster.injects = False
    result = run()
    assert result.verdict is Verdict.FAIL
    ((scene, _, why, kinds),) = kept
    assert "until: PodChaos fail was not running within 5 s" in why
    assert "PodChaos" in kinds
    assert scene.metrics == {"chaos_controller_manager_chaos_experiments"}


def test_trouble_of_the_infrastructure_is_looked_into_where_it_ended_the_scenario(
    run, kept, prometheus, cluster
):
    def breaks():
        prometheus.down = True

    cluster.hooks["create", "PodChaos"] = breaks
    result = run()
    assert result.verdict is Verdict.ERROR
    ((scene, folder, why, kinds),) = kept
    assert folder.name == "step-1"
    assert scene.infrastructure, "so that Prometheus itself is looked at"
    assert why.splitlines()[:2] == ["step 1: apply fail", "Prometheus has not answered for 5 s"]
    assert "PodChaos" in kinds


def test_trouble_before_the_first_step_is_that_of_the_set_up(run, kept, prometheus):
    prometheus.scrapes = False
    result = run()
    assert result.verdict is Verdict.ERROR
    ((_, folder, why, _),) = kept
    assert folder.name == "set-up"
    assert why.startswith("set-up\nnot scraped 1 times within 15 scrape intervals")


def test_of_three_steps_at_most_something_is_kept(run, kept, monkeypatch):
    monkeypatch.setattr(keep, "MOST", 1)
    result = run(WRONG.replace("absent: true", "present: true"))
    assert [step.findings[0].verdict for step in result.steps] == [Verdict.FAIL, Verdict.FAIL]
    assert [folder.name for _, folder, *_ in kept] == ["step-1"]


def test_what_cannot_be_written_is_told_and_changes_no_verdict(run, kept):
    kept.fails = OSError(errno.ENOSPC, "No space left on device")
    result = run(WRONG)
    assert (result.verdict, result.reason) == (Verdict.FAIL, None)
    assert result.diagnostics is None
    said = scenario_text(result)
    assert "cannot write the diagnostics " in said
    assert "step-1: No space left on device" in said


def test_what_could_not_be_decided_is_trouble_of_the_infrastructure(run, kept, prometheus, cluster):
    def breaks():
        prometheus.scrapes = False

    cluster.hooks["create", "PodChaos"] = breaks
    result = run()
    assert result.steps[0].findings[0].verdict is Verdict.ERROR
    assert (kept[0][0].infrastructure, kept[0][1].name) == (True, "step-1")


def test_what_does_not_go_is_looked_at_before_it_is_removed_by_force(run, kept, cluster, tmp_path):
    cluster.stuck.add(("PodChaos", "fail"))
    result = run(SCENARIO.partition("  - delete: fail")[0])
    assert result.verdict is Verdict.PASS
    assert [left.kind for left in result.leftovers] == ["PodChaos"]
    ((scene, folder, why, kinds),) = kept
    assert folder == tmp_path / "diagnostics/example/clean-up"
    assert why == "clean-up\nPodChaos fail does not go; its finalizers: chaos-mesh/records"
    assert "PodChaos" in kinds, "with its finalizers and its status"
    assert scene.namespace == result.namespace
    assert scene.metrics == {EXPERIMENTS}
    assert f"diagnostics: {tmp_path}/diagnostics/example" in leftovers_text(result)


def test_the_clean_up_is_looked_into_even_after_as_many_steps_as_are_kept(run, kept, cluster, monkeypatch):
    monkeypatch.setattr(keep, "MOST", 1)
    cluster.stuck.add(("PodChaos", "fail"))
    run(WRONG.partition("  - delete: fail")[0])
    assert [folder.name for _, folder, *_ in kept] == ["step-1", "clean-up"]


def test_a_clean_up_that_stops_is_looked_into(run, kept, cluster, monkeypatch):
    def refuses(*_):
        raise UnreachableError("cannot delete Pod: no answer", details=["refused"])

    def goes_away():
        # For good: a clean-up goes on when the API server is back.
        monkeypatch.setattr(cluster, "_ask", refuses)
        refuses()

    cluster.hooks["delete", "Pod"] = goes_away
    result = run()
    assert [left.infrastructure for left in result.leftovers] == [True]
    ((scene, folder, why, _),) = kept
    assert folder.name == "clean-up"
    assert why == "clean-up\ncannot delete Pod: no answer\nrefused"
    assert scene.infrastructure


def test_processes_that_had_to_be_ended_are_looked_into_afterwards(run, kept, monkeypatch):
    left = StuckObject("process", "stress-ng (pid 7 on node n1)", "outlived its experiment and was ended")
    monkeypatch.setattr(cleanup, "end_stressors", lambda *_: [left])
    monkeypatch.setattr(clean_up, "calls_daemon", lambda _: True)
    run()
    ((_, folder, why, _),) = kept
    assert folder.name == "clean-up"
    assert why.splitlines()[1:] == [f"process {left.name}: {left.what_was_done}"]


def test_what_is_still_there_at_the_end_is_looked_into(around, kept, clock, tmp_path):
    gone = Left(kind="Namespace", name="s-1", what_was_done="still there after 30 s")
    step = StepResult(title="apply", started=clock.now() - 100)
    recording = tmp_path / "recordings/s"
    result = ScenarioResult(
        name="s", file="s.yaml", namespace="s-1", steps=[step], leftovers=[gone], recording=recording
    )
    keep.at_end(dataclasses.replace(around, diagnostics=tmp_path / "diagnostics"), result)
    ((scene, folder, why, _),) = kept
    assert folder == tmp_path / "diagnostics/s/end-of-run"
    assert why == "end of the run\nNamespace s-1: still there after 30 s"
    assert (scene.namespace, scene.seconds, scene.infrastructure) == ("s-1", 100, False)
    assert result.diagnostics == tmp_path / "diagnostics/s"
    keep.at_end(around, result)
    assert len(kept) == 1, "a run that keeps none keeps none"
