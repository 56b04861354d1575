"""A run around its scenarios: the lock, the report's folder, what other runs left, what stays behind."""

import ast
import json
import multiprocessing
import os
import re
import signal
import types
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from harness.audit.contract import at_end
from harness.audit.contract.compare import Circumstances
from harness.base import bundled
from harness.base.errors import DefectError, HarnessError, InfrastructureError, UsageError
from harness.base.stand_in import StandIn
from harness.chaosmesh import cleanup
from harness.chaosmesh.release import Release
from harness.judge.finding import Finding, Verdict
from harness.kubernetes import leftovers
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import UnreachableError
from harness.kubernetes.guard import Guard
from harness.pytest_plugin import fixtures, plugin, session
from harness.pytest_plugin.session import RunSession
from harness.recording.writer import ENTRIES
from harness.results.contract import Contract
from harness.results.contract_problem import ContractProblem, ProblemKind
from harness.results.coverage import Coverage
from harness.results.folder import MARKER
from harness.results.mutation import MutationScore
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult, StepProblem, StepResult
from harness.runner import runner, scenario_runs
from harness.runner.conflicts import Conflicts
from harness.runner.diagnostics import keep as evidence
from harness.runner.needs import SharedUse
from harness.runner.observer import Observer
from harness.runner.outage import Outage
from harness.runner.scenario_runs import RunPlan
from harness.scenario.load import load
from harness.stack import access, lock
from harness.stack.handle import ServiceAddress, StackHandle, StackNode
from harness.stack.options import UpOptions
from harness.stack.target import TargetCluster
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster
from tests.stack.in_cluster.conftest import joined as joined_run

SCENARIO = """\
scenario: {name}
about: A made-up one.
workload: mini-node-exporter
steps:
  - {{wait: 1, expect: [{{metric: up, where: {{job: workload}}, equals: 1}}]}}
"""
CAPABILITIES = {"stress": None, "netem": "unknown qdisc"}


class FakePrometheus:
    """Its clock is 2.5 s ahead; it is the Prometheus of the stack `made-up`."""

    def __init__(self, cluster, namespace, name, port, *, timeout):
        self.address = (namespace, name, port)

    def check_identity(self, expected):
        if expected != "made-up":
            raise InfrastructureError("another Prometheus answers than the one of this stack")

    def clock(self):
        return 2.5, 0.01


def handle(tmp_path):
    return StackHandle(
        cluster="c",
        provider="docker",
        kubeconfig=tmp_path / "kubeconfig",
        context="kind-c",
        identity="made-up",
        prometheus=ServiceAddress(namespace="monitoring", name="prometheus", port=9090),
        dashboard=ServiceAddress(namespace="chaos-mesh", name="dashboard", port=2333),
        chaos_mesh_namespace="chaos-mesh",
        workload_image="workload:1",
        scrape_interval=0.5,
        scrape_timeout=0.5,
        images="source",
        image_key="key",
        versions={"chaos-mesh": "v2.8.3"},
        stand_ins=[StandIn(name="mini", replaces="big", limits="few")],
        nodes=[StackNode(name="n1", kernel="6.1", runtime="containerd", cgroup="v2")],
    )


@pytest.fixture
def cluster():
    return FakeCluster(FakeClock())


@pytest.fixture
def stack(cluster, tmp_path, monkeypatch):
    """A stack that comes up at once; `fails` is raised instead."""
    contract = Contract(release="v2.8.3", whole=False)
    state = types.SimpleNamespace(
        handle=handle(tmp_path), fails=None, ups=0, connected=[], guards=[], contract=contract, checked=[]
    )

    def up(options, progress, held, *, prepare_images, image_names, disruption):
        state.ups += 1
        state.asked_with = {"disruption": disruption}
        if state.fails:
            raise state.fails
        return state.handle

    def connect(kubeconfig, context, *, guard=None):
        state.connected.append((kubeconfig, context))
        state.guards.append(guard)
        return cluster

    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))

    def check(run, known):
        assert lock.holder("c") is not None, "nobody else may scrape meanwhile"
        state.checked.append(run)
        return state.contract

    monkeypatch.setattr(at_end, "check", check)
    monkeypatch.setattr(session, "up", up)
    monkeypatch.setattr(access, "Prometheus", FakePrometheus)

    def probe(cluster, namespace, release, leave_out, *, closed):
        state.closed = closed
        return CAPABILITIES

    monkeypatch.setattr(session, "probe", probe)
    monkeypatch.setattr(Cluster, "connect", connect)
    return state


def made(tmp_path, **options):
    chosen = {field.name: options.pop(field.name) for field in fields(UpOptions) if field.name in options}
    report = options.pop("report", tmp_path / "report")
    return RunSession.from_options(UpOptions(**{"cluster": "c"} | chosen), report=report, **options)


@pytest.fixture
def opened(stack, tmp_path):
    run = made(tmp_path)
    run.open()
    yield run
    run.close()


def result(name, namespace=None, verdict=Verdict.PASS):
    return ScenarioResult(name=name, file=f"{name}.yaml", namespace=namespace, verdict=verdict)


def scenario_file(*stand_ins):
    """A scenario file, as far as a session looks into it."""
    scenario = types.SimpleNamespace(stand_ins=list(stand_ins))
    return types.SimpleNamespace(name="s", path=bundled.scenarios() / "s.yaml", scenario=scenario)


def load_one(folder, name="s"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(SCENARIO.format(name=name))
    return load(path)[0]


def old_namespace(cluster, name, run="01d01d01"):
    labels = {
        "app.kubernetes.io/managed-by": "chaos-harness",
        "chaos-harness/run": run,
        "chaos-harness/stack": "made-up",
    }
    cluster.put("Namespace", name)["metadata"]["labels"] = labels


def test_options_arrive_and_those_that_were_chosen_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = made(tmp_path, chaos_mesh_source=tmp_path / "checkout", workers=0, fresh=False, scrape_interval=0.5)
    assert run.options == UpOptions(cluster="c", chaos_mesh_source=tmp_path / "checkout", scrape_interval=0.5)
    assert run.results.run.options == {
        "cluster": "c",
        "images": "auto",
        "scrape_interval": "0.5",
        "chaos_mesh_source": str(tmp_path / "checkout"),
    }
    assert re.fullmatch("[0-9a-f]{8}", run.results.run.id)


def test_secrets_among_the_options_are_not_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = made(tmp_path, helm_set=("dashboard.env.DB_PASSWORD=canary-1", "a.b=plain")).results.run.options
    assert told["helm_set"] == "('dashboard.env.DB_PASSWORD=***', 'a.b=plain')"


def test_scenarios_get_what_the_stack_is(opened, cluster, stack, tmp_path):
    around = opened._context
    assert stack.connected == [(tmp_path / "kubeconfig", "kind-c")]
    assert around.cluster is cluster
    assert around.prometheus.address == ("monitoring", "prometheus", 9090)
    assert (around.clock.offset, around.clock.uncertainty) == (2.5, 0.01)
    assert (around.interval, around.nodes, around.workload_image) == (0.5, ["n1"], "workload:1")
    assert (around.chaos_mesh_namespace, around.capabilities) == ("chaos-mesh", CAPABILITIES)
    assert around.run == opened.results.run.id
    assert around.recordings == tmp_path / "report/recordings"


def test_results_say_what_the_stack_is_without_paths(opened, tmp_path):
    facts = opened.results.run.stack
    assert facts == {
        "cluster": "c",
        "provider": "docker",
        "images": "source",
        "image_key": "key",
        "identity": "made-up",
        "scrape_interval": 0.5,
        "versions": {"chaos-mesh": "v2.8.3"},
        "stand_ins": [{"name": "mini", "replaces": "big", "limits": "few"}],
        "nodes": [{"name": "n1", "kernel": "6.1", "runtime": "containerd", "cgroup": "v2"}],
        "capabilities": CAPABILITIES,
    }
    assert str(tmp_path) not in json.dumps(facts)
    assert opened._context.facts == facts


def test_a_second_run_on_the_same_cluster_is_refused(opened, stack, tmp_path):
    second = made(tmp_path, report=tmp_path / "another")
    with pytest.raises(UsageError) as refused:
        second.open()
    assert re.fullmatch(
        rf"the cluster c is in use by process \d+ \(run {opened.results.run.id}\) "
        r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
        refused.value.problem,
    )
    assert refused.value.next_step == "wait for it to end, or use another cluster (--cluster NAME)"
    assert stack.ups == 1, "nothing was touched"
    assert second.results.run.stack_error == refused.value.render()


def files_of(folder):
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("name", ["c", "d"])
def test_a_run_that_is_refused_leaves_the_report_of_the_first_as_it_is(opened, stack, tmp_path, name):
    (opened.report / "recordings/s").mkdir(parents=True)
    (opened.report / "recordings/s/entries.jsonl.gz").write_text("recorded")
    opened.results.add(result("s"))
    opened.finish()
    before = files_of(opened.report)
    second = made(tmp_path, cluster=name)
    with pytest.raises(UsageError, match=rf"in use by .*{opened.results.run.id}"):
        second.open()
    second.end(everything=False)
    assert files_of(opened.report) == before
    assert [each.name for each in second.checks()] == ["stack"]
    assert second.summary_lines() == [
        f"no report: nothing was written to {opened.report}, which is not this run's",
    ]
    assert lock.holder("d") is None
    assert stack.ups == 1


def test_who_is_refused_in_the_cluster_leaves_what_an_earlier_run_reported(stack, tmp_path):
    first = made(tmp_path)
    first.open()
    first.results.add(result("s"))
    first.end(everything=False)
    first.let_go()
    before = files_of(first.report)
    stack.fails = lock.InUseError("the cluster c is in use by another state folder's run")
    second = made(tmp_path)
    with pytest.raises(UsageError):
        second.open()
    second.end(everything=False)
    second.let_go()
    assert files_of(first.report) | {MARKER: b""} == before | {MARKER: b""}
    stack.fails = InfrastructureError("no engine")
    third = made(tmp_path)
    with pytest.raises(InfrastructureError):
        third.open()
    third.end(everything=False)
    assert json.loads((third.report / "results.json").read_text())["run"]["stack_error"] == "no engine"


def test_a_folder_that_no_run_made_is_refused_and_left_as_it_is(stack, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report/thesis.tex").write_text("mine")
    run = made(tmp_path)
    with pytest.raises(UsageError, match=r"it is not empty, and no run made it: thesis\.tex"):
        run.open()
    run.end(everything=False)
    assert files_of(tmp_path / "report") == {"thesis.tex": b"mine"}
    assert stack.ups == 0


def test_another_cluster_is_another_matter(opened, stack, tmp_path):
    other = made(tmp_path, report=tmp_path / "another", cluster="d")
    other.open()
    other.close()
    assert stack.ups == 2


def test_the_cluster_is_free_again_after_the_run(stack, tmp_path):
    run = made(tmp_path)
    run.open()
    holder = lock.holder("c")
    assert holder is not None
    assert holder.doing == f"run {run.results.run.id}"
    run.close()
    assert lock.holder("c") is None


def test_the_cluster_is_let_go_even_when_looking_for_leftovers_breaks(stack, tmp_path, monkeypatch):
    run = made(tmp_path)
    run.open()
    run.results.add(result("s", "s-123456"))

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cleanup, "await_gone", interrupt)
    run.close()
    assert lock.holder("c") is None


def test_a_report_that_is_no_folder_is_a_usage_error_before_anything_is_touched(stack, tmp_path):
    (tmp_path / "file").write_text("")
    run = made(tmp_path, report=tmp_path / "file/report")
    with pytest.raises(UsageError) as refused:
        run.open()
    assert refused.value.problem == (
        f"cannot use {tmp_path / 'file/report'} as the report folder: Not a directory"
    )
    assert refused.value.next_step == "choose another folder with --report"
    assert stack.ups == 0
    assert lock.holder("c") is None


def test_what_an_earlier_run_reported_goes_and_nothing_else(stack, tmp_path):
    report = tmp_path / "report"
    (report / "recordings/old").mkdir(parents=True)
    for name in ("results.json", "recordings/old/manifest.json", "notes.txt"):
        (report / name).write_text("old")
    Results(run=Run(id="abc12345", harness="0.1.0", started="")).write(report)
    run = made(tmp_path)
    run.open()
    run.close()
    assert sorted(files_of(report)) == [".chaos-harness-run", "notes.txt", "results.json"]
    assert json.loads((report / "results.json").read_text())["run"]["id"] == run.results.run.id


def test_results_that_cannot_be_written_are_told_at_the_end_and_end_nothing(opened, tmp_path):
    folder = opened.report / "results.json"
    folder.unlink()
    folder.mkdir()
    opened.finish()
    assert opened.summary_lines()[-2:] == [
        f"cannot write the results {folder}: Is a directory",
        "  next step: free some disk space or choose another folder with --report",
    ]
    folder.rmdir()
    opened.finish()
    assert opened.summary_lines()[-1] == f"report: {opened.report / 'index.html'}"


def test_namespaces_of_a_killed_run_are_swept_and_named(stack, cluster, tmp_path, capsys):
    old_namespace(cluster, "left-b")
    old_namespace(cluster, "left-a")
    cluster.put("Namespace", "somebody-elses")
    run = made(tmp_path)
    old_namespace(cluster, "own", run.results.run.id)
    run.open()
    run.close()
    told = [line.split("] ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert told == [
        "removed what an earlier run left: namespace left-a",
        "removed what an earlier run left: namespace left-b",
    ]
    assert [name for kind, _, name in cluster.objects if kind == "Namespace"] == ["somebody-elses", "own"]


def test_a_namespace_that_does_not_go_is_a_warning(stack, cluster, tmp_path, capsys):
    old_namespace(cluster, "left")
    cluster.immortal.add(("Namespace", "left"))
    run = made(tmp_path)
    run.open()
    run.close()
    run.finish()
    (line,) = run.results.run.warnings
    assert line.startswith("the namespace left of an earlier run does not go: ")
    assert line.endswith("next step: chaos-harness sweep --force --cluster c")
    assert line in capsys.readouterr().err
    assert f"warning: {line}" in run.summary_lines()


def test_chaos_of_an_earlier_run_that_cannot_be_removed_ends_the_run(stack, cluster, tmp_path):
    old_namespace(cluster, "left")
    cluster.put("PodChaos", "kill", "left")
    cluster.immortal.add(("PodChaos", "kill"))
    run = made(tmp_path)
    with pytest.raises(InfrastructureError, match="namespace left cannot be removed; chaos may be in force"):
        run.open()
    run.close()


def test_another_prometheus_ends_the_run(stack, tmp_path):
    stack.handle = stack.handle.model_copy(update={"identity": "another"})
    run = made(tmp_path)
    with pytest.raises(InfrastructureError, match="another Prometheus answers"):
        run.open()
    run.close()
    assert run._context is None


def test_a_stack_that_does_not_come_up_is_not_tried_again(stack, tmp_path):
    stack.fails = InfrastructureError("no engine", next_step="install podman")
    run = made(tmp_path)
    for _ in range(3):
        with pytest.raises(HarnessError) as failed:
            run.open()
        assert failed.value is stack.fails
    assert stack.ups == 1
    assert run.ending(0, wrong_file=False, failed=False).not_up is stack.fails.exit_code
    run.close()
    run.finish()
    found = json.loads((tmp_path / "report/results.json").read_text())["run"]
    assert found["stack"] is None
    assert found["stack_error"] == "no engine\n  next step: install podman"


def test_a_namespace_that_goes_late_is_no_leftover(opened, cluster):
    cluster.put("Namespace", "s-123456")
    cluster.delete("Namespace", "s-123456")
    opened.results.add(result("s", "s-123456"))
    assert opened.close() == []
    assert opened.results.scenarios[0].leftovers == []
    assert ("Namespace", None, "s-123456") not in cluster.objects, "it was waited for"


def test_a_namespace_that_stays_is_a_leftover_of_its_scenario(opened, cluster):
    reason = {"status": "True", "message": "Some content remains: pods."}
    cluster.put("Namespace", "bad-123456", status={"conditions": [reason]})
    opened.results.add(result("good", "good-123456"))
    opened.results.add(result("bad", "bad-123456"))
    opened.results.add(result("skipped", None, Verdict.SKIPPED))
    assert [late.name for late in opened.close()] == ["bad"]
    (left,) = opened.results.scenarios[1].leftovers
    assert (left.kind, left.name) == ("Namespace", "bad-123456")
    assert left.what_was_done == "still there after 30 s: Some content remains: pods."
    assert opened.results.summary.cleanup_failed == 1


def test_of_namespaces_that_stay_the_first_ones_are_looked_into(opened, cluster, monkeypatch):
    looked = []
    monkeypatch.setattr(evidence, "at_end", lambda around, result: looked.append(result.name))
    for name in "abcde":
        cluster.put("Namespace", f"{name}-123456")
        opened.results.add(result(name, f"{name}-123456"))
    assert len(opened.close()) == 5
    assert looked == ["a", "b", "c"]


def test_a_pod_that_is_stuck_is_removed_by_force_and_reported(opened, cluster):
    cluster.put("Namespace", "s-123456")
    cluster.put("Pod", "p", "s-123456")["metadata"]["finalizers"] = ["somebody/else"]
    cluster.immortal.add(("Namespace", "s-123456"))
    opened.results.add(result("s", "s-123456"))
    opened.close()
    assert [(left.kind, left.name, left.what_was_done) for left in opened.results.scenarios[0].leftovers] == [
        ("Pod", "p", "was stuck in deletion; its finalizers (somebody/else) were removed"),
        ("Namespace", "s-123456", "still there after 30 s: "),
    ]


def test_a_namespace_that_cannot_be_looked_at_is_a_leftover_too(opened, cluster):
    def gone():
        raise UnreachableError("cannot get Namespace: no answer")

    cluster.hooks["until", "Namespace"] = gone
    opened.results.add(result("s", "s-123456"))
    assert [late.name for late in opened.close()] == ["s"]
    (left,) = opened.results.scenarios[0].leftovers
    assert left.what_was_done == "not verified: cannot get Namespace: no answer"


def test_each_scenario_is_written_as_soon_as_it_is_done(opened, tmp_path, monkeypatch):
    done = iter([result("first"), result("second", verdict=Verdict.SKIPPED)])
    given = []
    monkeypatch.setattr(runner, "run", lambda *what: given.append(what) or next(done))

    def names():
        found = json.loads((tmp_path / "report/results.json").read_text())
        return [each["name"] for each in found["scenarios"]]

    first, second = scenario_file(), scenario_file()
    opened.run(first, "node::1")
    assert names() == ["first"]
    opened.run(second, "node::2")
    assert names() == ["first", "second"]
    assert [(what[0], what[1] is opened._context) for what in given] == [
        (first, True),
        (second, True),
    ]
    assert opened.result_of("node::2").name == "second"
    assert opened.result_of("node::3") is None


def test_a_scenario_whose_process_is_killed_is_an_error_among_the_results(opened, tmp_path, monkeypatch):
    def perform(file, around, known, performer):
        if file.name == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        return result(file.name)

    ended = []

    class Kept(Observer):
        def ended(self, result):
            ended.append((result.name, result.verdict))

    monkeypatch.setattr(runner, "run", perform)
    monkeypatch.setattr(scenario_runs, "conflicts_of", lambda file, known: Conflicts())
    to_run = []
    for name in ("killed", "other"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(SCENARIO.format(name=name))
        to_run.append((f"node::{name}", load(path)[0]))
    opened._runs.plan = RunPlan(to_run, parallel=2, observer=Kept())
    for node, file in to_run:
        opened.run(file, node)
    found = json.loads((tmp_path / "report/results.json").read_text())
    assert [(each["name"], each["verdict"]) for each in found["scenarios"]] == [
        ("killed", "error"),
        ("other", "passed"),
    ]
    assert found["summary"]["error"] == 1
    assert found["scenarios"][0]["reason"] == (
        "the process of killed ended before the scenario did: signal 9"
    )
    assert ended == [("killed", Verdict.ERROR)]
    gates = []
    recording = tmp_path / "recording"
    recording.mkdir()
    (recording / ENTRIES).write_text("")
    opened.results.scenarios[1].recording = recording
    monkeypatch.setattr(opened._scores, "count", lambda *_, gated: gates.append(gated) or (None, None))
    opened.finish(everything=True)
    assert gates == [False]


def test_what_a_lost_process_made_is_cleaned_up_in_its_place(opened, cluster, tmp_path, monkeypatch):
    def perform(file, around, known, performer):
        around.observer.owns(["s-123456", "s-123456-other"])
        os.kill(os.getpid(), signal.SIGKILL)

    cleaned = []

    def clean(_cluster, name, _chaos_mesh, *, wait):
        cleaned.append((name, wait))
        if name.endswith("other"):
            raise UnreachableError("cannot list Pod: no answer")
        return [leftovers.StuckObject("StressChaos", "burn", "was stuck in deletion")]

    monkeypatch.setattr(runner, "run", perform)
    monkeypatch.setattr(cleanup, "clean", clean)
    monkeypatch.setattr(opened._runs, "_look_for_outage", lambda: None)
    monkeypatch.setattr(scenario_runs, "conflicts_of", lambda file, known: Conflicts())
    to_run = []
    for name in ("killed", "next"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(SCENARIO.format(name=name))
        to_run.append((f"node::{name}", load(path)[0]))
    opened._runs.plan = RunPlan(to_run, parallel=2)
    found = opened.run(to_run[0][1], "node::killed")

    assert ("s-123456", False) in cleaned
    assert found.namespace == "s-123456"
    assert [(left.kind, left.name, left.what_was_done) for left in found.leftovers] == [
        ("StressChaos", "burn", "was stuck in deletion"),
        ("Namespace", "s-123456-other", "not cleaned up: cannot list Pod: no answer"),
    ]


def test_a_clean_up_that_has_to_be_ended_is_told(opened, tmp_path, monkeypatch):
    ready = multiprocessing.get_context("fork").Event()

    def perform(file, around, known, performer):
        if file.name == "slow":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            ready.set()
            signal.pause()
        ready.wait(30)
        return result(file.name)

    monkeypatch.setattr(runner, "run", perform)
    monkeypatch.setattr(scenario_runs, "conflicts_of", lambda file, known: Conflicts())
    monkeypatch.setattr("harness.runner.workers._CLEAN_UP_SECONDS", 0.0)
    to_run = []
    for name in ("slow", "other"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(SCENARIO.format(name=name))
        to_run.append((f"node::{name}", load(path)[0]))
    opened._runs.plan = RunPlan(to_run, parallel=2)
    opened.run(to_run[1][1], "node::other")
    (late,) = opened.close()
    assert (late.name, late.verdict) == ("slow", Verdict.ERROR)
    assert late.leftovers[0].what_was_done.endswith(
        "was not over when it was no longer waited for, and was ended"
    )


@pytest.mark.parametrize(
    ("verdicts", "ran"),
    [
        ([], False),
        ([Verdict.SKIPPED], False),
        ([Verdict.SKIPPED, Verdict.PASS], True),
        ([Verdict.ERROR], True),
    ],
)
def test_a_run_of_skipped_scenarios_ran_nothing(tmp_path, verdicts, ran):
    run = made(tmp_path)
    for verdict in verdicts:
        run.results.add(result("s", verdict=verdict))
    assert run.anything_ran() is ran


def test_the_last_lines_count_and_point_to_the_report(tmp_path):
    run = made(tmp_path)
    assert run.summary_lines() == [], "nothing was asked for"
    run.results.add(result("s"))
    run.finish()
    counted, time, *where = run.summary_lines()
    assert counted == "scenarios: 1 passed, 0 failed, 0 known issue, 0 skipped, 0 error, 0 cleanup failed"
    assert re.fullmatch(r"time: [\d.]+ s: page [\d.]+ s(, the rest [\d.]+ s)?", time)
    assert where == [
        f"results: {tmp_path / 'report/results.json'}",
        f"report: {tmp_path / 'report/index.html'}",
    ]
    assert "All scenarios that ran came out as expected." in (tmp_path / "report/index.html").read_text()
    assert json.loads((tmp_path / "report/results.json").read_text())["run"]["ended"] is not None


def test_a_quiet_run_names_failures_and_the_report(tmp_path):
    run = made(tmp_path)
    problem = StepProblem(kind="until", reason="never")
    failed = result("s", verdict=Verdict.FAIL)
    failed.steps.append(StepResult(title="burn", problem=problem))
    run.results.add(failed)
    run.finish()
    failed, *where = run.summary_lines(quiet=True)
    assert failed == "step 1 (burn): until: never"
    assert where == run.summary_lines()[-2:]


@pytest.mark.parametrize("audit", [True, False])
def test_of_a_few_selected_scenarios_no_score_is_told(tmp_path, audit):
    run = made(tmp_path)
    run.begin(RunPlan(audit=audit))
    run.results.add(result("s"))
    run.finish()
    run.interrupts.uninstall()
    run.results.coverage, run.results.mutation = Coverage(), MutationScore()
    told = [line for line in run.summary_lines() if line.startswith(("coverage: ", "mutation: "))]
    assert len(told) == (2 if audit else 0)


@pytest.mark.parametrize(
    ("error", "told", "broke", "undecided"),
    [
        (InfrastructureError("no disk"), "no disk", False, True),
        (UsageError("not read"), "not read", False, False),
        (
            ZeroDivisionError("division by zero"),
            "a defect of the harness: cannot draw the page: ZeroDivisionError: division by zero",
            True,
            True,
        ),
    ],
)
def test_a_page_that_cannot_be_drawn_is_told_and_changes_no_verdict(
    tmp_path, monkeypatch, error, told, broke, undecided
):
    def fails(folder):
        raise error

    monkeypatch.setattr("harness.report.html.report.render_again", fails)
    run = made(tmp_path)
    run.results.add(result("s"))
    run.finish()
    lines = run.summary_lines()
    assert lines[-3:] == [
        f"no HTML report: {told}",
        f"  next step: chaos-harness report {tmp_path / 'report'}",
        f"report: {tmp_path / 'report/results.json'}",
    ]
    assert (told in lines) is undecided
    ending = run.ending(0, wrong_file=False, failed=False)
    assert (ending.defect, ending.troubled) == (broke, undecided)
    assert run._record.unwritten is None
    assert run.results.scenarios[0].verdict is Verdict.PASS


def test_a_defect_while_a_scenario_runs_is_an_error_of_it_and_of_the_run(opened, monkeypatch):
    def broken(*_):
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr(runner, "run", broken)
    found = opened.run(load_one(opened.report), "node::1")
    assert found.verdict is Verdict.ERROR
    assert found.reason == "a defect of the harness: cannot run s: KeyError: 'nobody foresaw it'"
    assert found.defect.endswith("; traceback, in the report: defects/run-s.txt")
    assert "in broken" in (opened.report / "defects/run-s.txt").read_text()
    assert opened.broke()


def test_a_defect_at_the_end_ends_neither_the_rest_nor_the_record(opened, stack, monkeypatch):
    def broken(*_):
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr(at_end, "check", broken)
    opened.results.add(result("s", "s-123456"))
    opened.cluster = opened._context.cluster
    opened.cluster.put("Namespace", "s-123456")
    assert [late.name for late in opened.close()] == ["s"]
    opened.finish()
    assert opened.broke()
    doing = "compare the metrics with the catalogue"
    told = f"a defect of the harness: cannot {doing}: KeyError: 'nobody foresaw it'"
    assert told in opened.summary_lines()
    assert [(each.name, each.reason) for each in opened.checks()][-1] == ("harness", told)
    assert (opened.report / "results.json").is_file()


def test_a_defect_while_the_stack_comes_up_is_no_traceback(stack, tmp_path):
    stack.fails = ZeroDivisionError("division by zero")
    run = made(tmp_path)
    with pytest.raises(DefectError, match="cannot bring the stack up: ZeroDivisionError") as raised:
        run.open()
    assert raised.value.log is not None
    assert "division by zero" in raised.value.log.read_text()
    assert run.broke()


def test_what_only_should_hold_is_named_in_the_last_lines(tmp_path):
    run = made(tmp_path)
    fields: dict[str, Any] = {
        "id": "0.0",
        "step": 0,
        "kind": "equals",
        "expected": "1",
        "actual": [],
        "level": "should",
    }
    step = StepResult(title="apply burn")
    for verdict, metric, promql in (
        (Verdict.FAIL, "m", 'm{a="b"}'),
        (Verdict.ERROR, "", "sum(m)"),
        (Verdict.PASS, "fine", "fine"),
    ):
        what: dict[str, Any] = {
            "verdict": verdict,
            "metric": metric,
            "promql": promql,
            "reason": "the value is 2",
        }
        step.findings.append(Finding(**fields, **what))
    run.results.add(ScenarioResult(name="s[one]", file="s.yaml", steps=[step]))
    run.finish()
    assert run.summary_lines()[:-3] == [
        "scenarios: 1 passed, 0 failed, 0 known issue, 0 skipped, 0 error, 0 cleanup failed",
        "expectations of level should: 1 failed, 1 error, 0 known issue; they fail no scenario",
        "  s[one], step 1 (apply burn): failed (should): m equals: the value is 2",
        "  s[one], step 1 (apply burn): error (should): sum(m) equals: the value is 2",
    ]
    written = json.loads((tmp_path / "report/results.json").read_text())["summary"]
    assert (written["passed"], written["failed"], written["error"]) == (1, 0, 0)
    assert [written[f"should_{name}"] for name in ("failed", "error", "known_issue")] == [1, 1, 0]


def test_stand_ins_are_named_in_the_last_lines(opened):
    opened.finish()
    assert opened.summary_lines()[1] == "substitutes, not the real programs: mini (for big)"


def test_what_a_scenario_puts_in_the_place_of_a_real_program_is_named_once_it_ran(opened, monkeypatch):
    done = iter([result("a", verdict=Verdict.SKIPPED), result("b"), result("c")])
    monkeypatch.setattr(runner, "run", lambda *what: next(done))
    skipped = StandIn(name="absent", replaces="big", limits="all")
    script = StandIn(name="script", replaces="program", limits="few")
    at_first = opened.results.run.stack
    for number, stand_in in enumerate([skipped, script, script]):
        opened.run(scenario_file(stand_in), f"node::{number}")
    assert [each["name"] for each in opened.results.run.stack["stand_ins"]] == ["mini", "script"]
    # The recordings' manifests hold it.
    assert [each["name"] for each in at_first["stand_ins"]] == ["mini"]


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        ({"chaos-mesh": "v2.8.3"}, False),
        ({"chaos-mesh": "chart-2.4.0-alpha.0-401-g608b61e7c1b1", "chaos-mesh-release": "unreleased"}, True),
    ],
)
def test_a_build_that_belongs_to_no_release_is_told(stack, tmp_path, versions, told):
    stack.handle = stack.handle.model_copy(update={"versions": versions})
    run = made(tmp_path)
    run.open()

    assert any("belongs to no known release" in line for line in run.results.run.warnings) is told


def test_the_contract_is_checked_before_the_cluster_is_let_go(opened, stack, tmp_path):
    opened.results.add(result("first", "first-1"))
    opened.results.add(ScenarioResult(name="second", file="s.yaml", recording=tmp_path / "recordings/second"))
    opened.close()
    (run,) = stack.checked
    assert run.namespaces == ["first-1"]
    assert run.recordings == [tmp_path / "recordings/second"]
    assert run.given == Circumstances(Release.of("v2.8.3"), CAPABILITIES, whole=False)
    assert run.report == tmp_path / "report"
    assert opened.results.contract is stack.contract


def test_a_run_of_some_scenarios_looks_for_no_contract(opened, stack):
    opened._runs.plan = RunPlan(audit=False)
    opened.results.add(result("first", "first-1"))
    opened.close()
    assert stack.checked == []
    assert opened.results.contract is None
    assert not any(line.startswith(("coverage", "not compared")) for line in opened.summary_lines())


def test_without_a_scenario_that_ran_there_is_no_contract(opened, stack):
    opened.results.add(result("skipped", verdict=Verdict.SKIPPED))
    opened.close()
    assert stack.checked == []
    assert opened.results.contract is None


@pytest.mark.parametrize(
    ("all_of", "control", "verdict", "whole"),
    [
        (None, False, Verdict.PASS, False),
        ({"node::1"}, False, Verdict.PASS, True),
        ({"node::1"}, False, Verdict.FAIL, True),
        ({"node::1"}, False, Verdict.ERROR, False),
        ({"node::1", "node::2"}, False, Verdict.PASS, False),
        ({"node::1"}, True, Verdict.PASS, False),
    ],
)
def test_a_run_is_whole_when_all_scenarios_were_asked_for_and_came_to_an_end(
    opened, stack, monkeypatch, all_of, control, verdict, whole
):
    opened.control = control
    monkeypatch.setattr(runner, "run", lambda *what: result("only", verdict=verdict))
    opened._runs.plan = RunPlan(all_of=all_of if all_of is None else frozenset(all_of))
    opened.run(scenario_file(), "node::1")
    opened.run(scenario_file(), "node::3")
    opened.close()
    assert stack.checked[0].given.whole is whole


def test_what_is_not_as_the_catalogue_says_is_in_the_last_lines(opened, stack):
    problem = ContractProblem(
        kind=ProblemKind.NOT_CATALOGUED,
        metric="chaos_new",
        job="chaos-daemon",
        instances=("d",),
        expected="an entry",
        found="gauge",
        next_step="add one",
    )
    told = problem.model_copy(update={"metric": "lib_new", "fails": False})
    stack.contract = Contract(release="x", whole=False, problems=[problem, told])
    opened.results.add(result("s"))
    opened.close()
    opened.finish()
    assert {each.name: each.verdict for each in opened.checks()} == {"contract": Verdict.FAIL}
    assert opened.summary_lines()[1:7] == [
        "metrics that are not as the catalogue says: 1; the run fails by them",
        "  chaos_new (chaos-daemon at d): not in the catalogue",
        "    expected: an entry",
        "    found:    gauge",
        "    next step: add one",
        "metrics of libraries that are not in the catalogue, or not as it says: 1 "
        "(results.json, contract.problems)",
    ]
    written = json.loads((opened.report / "results.json").read_text())["contract"]
    assert [each["metric"] for each in written["problems"]] == ["chaos_new", "lib_new"]


@pytest.mark.parametrize(
    "what", [{"not_captured": ["chaos-daemon d: down"]}, {"error": "Prometheus is gone"}]
)
def test_what_could_not_be_compared_is_told_and_proves_nothing(opened, stack, what):
    stack.contract = Contract(release="x", whole=False, **what)
    opened.results.add(result("s"))
    opened.close()
    opened.finish()
    assert {each.name: each.verdict for each in opened.checks()} == {"contract": Verdict.ERROR}
    said = {
        "not compared with the catalogue: chaos-daemon d: down",
        "the metrics' contract was not checked: Prometheus is gone",
    }
    assert len(said & set(opened.summary_lines())) == 1


def test_a_script_has_a_process_of_its_own_though_scenarios_run_one_after_the_other(
    opened, tmp_path, monkeypatch
):
    def perform(file, around, known, performer):
        if file.name == "script":
            os._exit(0)
        return result(file.name)

    monkeypatch.setattr(runner, "run", perform)
    to_run = []
    for name in ("script", "other"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(SCENARIO.format(name=name))
        (file,) = load(path)
        script = (lambda run: None) if name == "script" else None
        to_run.append((f"node::{name}", replace(file, script=script)))
    opened._runs.plan = RunPlan(to_run, parallel=1)
    assert [opened.run(file, node).verdict for node, file in to_run] == [Verdict.ERROR, Verdict.PASS]


def test_a_run_that_has_just_begun_has_results(opened):
    found = json.loads((opened.report / "results.json").read_text())
    assert (found["scenarios"], found["run"]["complete"]) == ([], False)


@pytest.mark.parametrize("file", [Path(plugin.__file__), Path(fixtures.__file__)])
def test_the_plugin_sets_no_field_of_a_run(file):
    own = vars(made(Path("report"))).keys() | {"plan", "outage", "own", "report"}
    set_there = {
        target.attr
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute)
    }
    assert not set_there & own


@pytest.mark.parametrize("disruption", [False, True])
def test_on_a_cluster_of_others_requests_are_guarded_and_limits_heeded(
    stack, tmp_path, monkeypatch, disruption
):
    target = TargetCluster(whose="theirs", node_refused="may not enter", roles_refused="may not deny")
    stack.handle = stack.handle.model_copy(update={"target": target})
    use = SharedUse(disruption=disruption)
    run = made(tmp_path, shared=use, allowed_namespaces=["shop"])
    run.open()
    run.close()

    guard = Guard("made-up", run.results.run.id, "chaos-mesh", disruption, frozenset({"shop"}))
    assert [replace(each) for each in stack.guards] == [guard]
    assert stack.asked_with["disruption"] == disruption
    assert run._context.shared == replace(use, node="may not enter", roles="may not deny")
    assert stack.closed == "may not enter"
    # promtool runs in a pod, which may not be entered.
    assert run._linter(run._context) is None


def test_what_does_not_fit_the_interval_of_others_is_skipped(stack, tmp_path):
    """It was checked for the interval of the command line, before theirs was known."""
    target = TargetCluster(whose="theirs")
    stack.handle = stack.handle.model_copy(update={"target": target, "scrape_interval": 15.0})
    run = made(tmp_path)
    run.open()
    run.close()
    (narrow,) = load(bundled.scenarios() / "application" / "pod-kill.yaml")
    (fine,) = load(bundled.scenarios() / "controller-manager" / "pod-kill.yaml")
    assert run._context.unfit(narrow).startswith("it does not fit a scrape interval of 15 s: the range of `")
    assert run._context.unfit(fine) == ""
    same = made(tmp_path, report=tmp_path / "other", scrape_interval=15.0)
    same.open()
    same.close()
    assert same._context.unfit(narrow) == ""


def test_on_ones_own_cluster_nothing_is_held_back(opened, stack):
    assert stack.guards == [None]
    assert opened._context.shared is None


def test_a_shard_in_the_cluster_is_of_its_callers_run_and_sweeps_nothing(
    stack, cluster, tmp_path, monkeypatch
):
    told = joined_run()
    old_namespace(cluster, "of-another-shard", run=told.run)
    old_namespace(cluster, "of-an-earlier-run")
    asked = []

    def here(run, kubeconfig, *, disruption):
        asked.append((run, kubeconfig, disruption))
        return stack.handle

    monkeypatch.setattr(session, "handle_here", here)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "of-the-pod"))
    run = made(tmp_path, joined=told, shared=SharedUse(disruption=True))
    run.open()
    run.close()
    # Its caller brings the stack up, and sweeps it, before any shard is there.
    assert asked == [(told, tmp_path / "of-the-pod", True)]
    assert stack.ups == 0
    assert run.results.run.id == told.run
    assert {name for kind, _, name in cluster.objects if kind == "Namespace"} >= {
        "of-another-shard",
        "of-an-earlier-run",
    }


def test_each_cluster_of_a_run_on_several_is_looked_at_with_what_ran_there(stack, tmp_path, monkeypatch):
    run = made(tmp_path)
    run.open()
    first = run._context
    run._runs.clusters.clear()
    for number, name in enumerate(("c", "c-2", "c-3")):
        run._runs.connected(replace(first, on=name, clock=FakeClock(number)), lambda: (None, None))
        run._opened[name] = 100.0 + number
        each = result(f"on-{name}", f"on-{name}-1")
        each.cluster = name
        run.results.add(each)
    run._runs.clusters["c-3"].outage = Outage("the API server", 0.0, "refused")
    stack.contract = Contract(release="v2.8.3", whole=False, not_captured=["daemon: gone"], seen={"a": ["b"]})
    asked = []
    monkeypatch.setattr(cleanup, "await_gone", lambda _, names, *__: asked.append(names) or [])
    late = run.close()
    assert [(each.folder, each.began, each.namespaces) for each in stack.checked] == [
        ("c", 100.0, ["on-c-1"]),
        ("c-2", 101.0, ["on-c-2-1"]),
    ]
    contract = run.results.contract
    assert contract.not_captured == [
        "the cluster c: daemon: gone",
        "the cluster c-2: daemon: gone",
        "the cluster c-3: the API server is gone since 00:00:00 UTC (refused)",
    ]
    assert asked == [["on-c-1"], ["on-c-2-1"]]
    assert [each.name for each in late] == ["on-c-3"]
    assert "not verified: the API server is gone" in late[0].leftovers[0].what_was_done


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ""),
        ({"image_key": "other"}, "image key other instead of key"),
        ({"scrape_interval": 5.0}, "scrape interval 5.0 instead of 0.5"),
        ({"capabilities": {"netem": "another reason", "stress": None}}, ""),
        ({"capabilities": {"netem": None, "stress": None}}, "only one of the two has netem"),
        ({"nodes": [], "identity": "x", "cluster": "c-2"}, ""),
    ],
)
def test_a_further_cluster_has_to_be_as_the_first_one(tmp_path, change, told):
    facts = session.facts_of(handle(tmp_path), CAPABILITIES)
    assert session._differs(facts, {**facts, **change}) == told
