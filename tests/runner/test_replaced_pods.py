"""Steps that replace pods, on a fake cluster: targets that come and go, what is judged, what is put back."""

import pytest

from harness.chaos.catalogue import catalogue
from harness.chaos.components import COMPONENTS
from harness.check import load_checked
from harness.cluster.errors import from_answer
from harness.judge.finding import Verdict
from harness.judge.replay import replay
from harness.recording.reader import RecordingReader
from harness.runner import runner

SCENARIO = """\
scenario: example
about: Pods that are replaced.
steps:
{steps}
"""
UP = """\
    expect:
      - metric: up
        where: {job: chaos-dashboard}
        equals: 1
"""
DISCOVERY_SECONDS = 2.0


@pytest.fixture
def mesh(around, cluster, prometheus, clock):
    """Components whose pods are targets, from a moment after they started to a moment after they ended."""
    requests = {}

    def came(job, pod):
        if pod in requests:
            return
        requests[pod] = 0.0
        series = [("chaos_daemon_bpm_controlled_process_total", {}), ("go_goroutines", {})]
        clock.after(
            DISCOVERY_SECONDS,
            lambda: prometheus.target(
                job, pod, 0.2 + 0.1 * len(requests), lambda: [(*each, requests[pod]) for each in series]
            ),
        )

    cluster.came = came
    cluster.went = lambda job, pod: clock.after(DISCOVERY_SECONDS, lambda: prometheus.drop(job, pod))
    for job, component in COMPONENTS.items():
        if job != "controller-manager":
            cluster.objects.pop(("Pod", "chaos-mesh", f"{job}-1"), None)
            cluster.component(job, component.kind, component.name)
    clock.advance(5)
    return requests


@pytest.fixture
def run(around, mesh, tmp_path):
    def running(steps, *, top=""):
        path = tmp_path / "example.yaml"
        path.write_text(top + SCENARIO.format(steps=steps))
        return runner.run(load_checked(path)[0], around, catalogue())

    return running


def notes(result):
    return [entry for entry in RecordingReader(result.recording).entries() if entry.type == "note"]


def test_a_restarted_component_is_judged_by_its_new_pod_alone(run, cluster):
    (old,) = cluster.pods_of("chaos-dashboard")
    result = run("  - restart: chaos-dashboard\n" + UP)
    (new,) = cluster.pods_of("chaos-dashboard")
    assert (result.verdict, result.reason, result.leftovers) == (Verdict.PASS, None, [])
    assert result.steps[0].title == "restart chaos-dashboard"
    (finding,) = result.findings()
    assert finding.actual == [
        {"labels": {"instance": new, "job": "chaos-dashboard", "node": "n1"}, "value": 1.0}
    ]
    assert new != old
    reader = RecordingReader(result.recording)
    assert replay(reader.entries(), reader.manifest) == result.findings()
    (note,) = notes(result)
    assert note.text == "rolled out"
    assert note.detail == {"component": "chaos-dashboard", "instances": [new]}


def test_the_step_after_a_restart_starts_from_the_new_pod(run, cluster, mesh, clock):
    """Without that the next step's counters would have no baseline, or that of the old pod."""

    def count():
        clock.after(0.5, lambda: mesh.update({cluster.pods_of("chaos-daemon")[0]: 2.0}))

    steps = """\
  - restart: {component: chaos-daemon, node: "${nodes[0]}"}
  - restart: chaos-dashboard
    expect:
      - metric: chaos_daemon_bpm_controlled_process_total
        increases_by: 2
"""
    cluster.hooks["delete", "Pod"] = lambda: cluster.hooks.update({("delete", "Pod"): count})
    result = run(steps)
    assert (result.verdict, result.reason) == (Verdict.PASS, None)
    assert [step.title for step in result.steps] == [
        "restart chaos-daemon on ${nodes[0]}",
        "restart chaos-dashboard",
    ]


def test_a_counter_of_a_new_pod_has_no_baseline_in_the_step_that_made_it(run):
    steps = """\
  - restart: chaos-daemon
    expect:
      - metric: chaos_daemon_bpm_controlled_process_total
        increases_by: 0
"""
    result = run(steps)
    assert result.verdict is Verdict.ERROR
    assert result.findings()[0].reason.endswith("was not scraped before the step")


def test_templates_see_the_workloads_new_pods(run, cluster):
    steps = """\
  - restart: workload
    proof: {oracle: pod-uids, since: "${workload.uids}", equals: 0}
    expect:
      - metric: up
        where: {job: workload}
        equals: 1
"""
    result = run(steps, top="workload: mini-node-exporter\n")
    assert (result.verdict, result.reason) == (Verdict.PASS, None)
    assert result.steps[0].proofs == ["pod-uids: 0; wanted: equal to 0"]
    deleted = [request[2] for request in cluster.requests if request[:2] == ("delete", "Pod")]
    assert deleted[0] == "mini-node-exporter-0"


def test_pods_that_are_not_ready_in_time_fail_the_step_and_are_left_over(run, cluster, monkeypatch):
    monkeypatch.setattr(runner.rollout, "WHOLE_SECONDS", 1.0)
    cluster.broken.add("chaos-dashboard")
    result = run("  - restart: chaos-dashboard\n    bound: 5\n" + UP)
    assert result.verdict is Verdict.FAIL
    problem = result.steps[0].problem
    assert (problem.kind, problem.reason) == (
        "rollout",
        "chaos-dashboard has 0 ready of 1 pods after 5 s; wanted: 1 ready",
    )
    assert result.findings() == []
    (left,) = result.leftovers
    assert (left.kind, left.name, left.infrastructure) == ("Deployment", "chaos-dashboard", False)


def test_a_pod_that_prometheus_never_finds_is_the_infrastructures_trouble(run, cluster):
    cluster.came = lambda job, pod: None
    result = run("  - restart: chaos-dashboard\n" + UP)
    (new,) = cluster.pods_of("chaos-dashboard")
    assert result.verdict is Verdict.ERROR
    assert result.reason == (
        f"Prometheus does not have the pods' targets: chaos-dashboard {new} is not scraped"
    )


def test_a_target_that_stays_although_its_pod_is_gone_is_named(run, cluster):
    cluster.went = lambda job, pod: None
    (old,) = cluster.pods_of("chaos-dashboard")
    result = run("  - restart: chaos-dashboard\n" + UP)
    assert result.verdict is Verdict.ERROR
    assert result.reason.endswith(f"chaos-dashboard {old} is still scraped")


def test_a_scaled_component_is_put_back_at_the_end(run, cluster):
    steps = """\
  - scale: {component: chaos-dashboard, replicas: 3}
    expect:
      - metric: up
        where: {job: chaos-dashboard}
        series: [{value: 1}]
"""
    result = run(steps)
    assert result.steps[0].title == "scale chaos-dashboard to 3"
    (finding,) = result.findings()
    assert finding.verdict is Verdict.FAIL, "three targets are no single series"
    assert len(finding.actual) == 3
    owner = cluster.objects["Deployment", "chaos-mesh", "chaos-dashboard"]
    assert (owner["spec"]["replicas"], owner["metadata"]["annotations"]) == (1, {})
    assert len(cluster.pods_of("chaos-dashboard")) == 1
    assert result.leftovers == []


def test_what_was_scaled_is_put_back_after_an_interrupt_too(run, cluster):
    def interrupt():
        cluster.hooks.clear()
        raise KeyboardInterrupt

    cluster.hooks["patch", "Deployment"] = lambda: cluster.hooks.update({("until", "Pod"): interrupt})
    with pytest.raises(KeyboardInterrupt):
        run("  - scale: {component: chaos-dashboard, replicas: 3}\n" + UP)
    assert cluster.objects["Deployment", "chaos-mesh", "chaos-dashboard"]["spec"]["replicas"] == 1
    assert len(cluster.pods_of("chaos-dashboard")) == 1


def test_no_scrape_is_waited_for_of_a_component_without_pods(run):
    steps = """\
  - scale: {component: chaos-dashboard, replicas: 0}
  - wait: 2
    expect:
      - metric: go_goroutines
        where: {job: chaos-daemon}
        present: true
  - scale: {component: chaos-dashboard, replicas: 1}
    expect:
      - metric: up
        where: {job: chaos-dashboard}
        equals: 1
"""
    result = run(steps)
    assert (result.verdict, result.reason) == (Verdict.PASS, None)


def test_a_restart_that_is_refused_is_a_failed_step(run, cluster):
    def refuse():
        cluster.hooks.clear()
        raise from_answer("delete Pod", 403, '{"reason": "Forbidden", "message": "not yours"}')

    cluster.hooks["delete", "Pod"] = refuse
    result = run("  - restart: chaos-dashboard\n" + UP)
    assert result.verdict is Verdict.FAIL
    assert result.steps[0].problem.reason == "the restart of chaos-dashboard was refused (HTTP 403 Forbidden)"
