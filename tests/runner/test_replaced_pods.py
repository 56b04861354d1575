"""Steps that replace pods, on a fake cluster: targets that come and go, what is judged, what is put back."""

import pytest

from harness.base import working_time
from harness.chaosmesh import rollout
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.components import COMPONENTS
from harness.judge.finding import Verdict
from harness.judge.replay import replay
from harness.kubernetes.errors import from_answer
from harness.lint.check import load_checked
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
        series: list[tuple[str, dict[str, str]]] = [
            ("chaos_daemon_bpm_controlled_process_total", {}),
            ("go_goroutines", {}),
        ]
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
        "restart chaos-daemon on n1",
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
    assert result.steps[0].proofs == ["pod-uids (since uid-11): 0; wanted: equal to 0"]
    deleted = [request[2] for request in cluster.requests if request[:2] == ("delete", "Pod")]
    assert deleted[0] == "mini-node-exporter-0"


def test_pods_that_are_not_ready_in_time_fail_the_step_and_are_left_over(run, cluster, monkeypatch):
    monkeypatch.setattr(rollout, "WHOLE_SECONDS", 1.0)
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


@pytest.fixture
def role(cluster, clock, monkeypatch):
    """What the dashboard is allowed."""
    monkeypatch.setattr(working_time, "time", clock)
    return cluster.role("chaos-dashboard", "dashboard")


DENY = "  - deny: {component: chaos-dashboard, verbs: [list], resources: [podchaos]}\n"


def changes_of_roles(cluster):
    return [request for request in cluster.requests if request[:2] == ("patch", "ClusterRole")]


def test_what_is_denied_is_allowed_again_by_its_step_without_a_restart(run, cluster, role):
    rules = role["rules"]
    pods = cluster.pods_of("chaos-dashboard")
    result = run(DENY + "  - allow: chaos-dashboard\n  - wait: 1\n" + UP)
    assert (result.verdict, result.reason, result.leftovers) == (Verdict.PASS, None, [])
    assert [step.title for step in result.steps[:2]] == [
        "deny chaos-dashboard to list podchaos",
        "allow chaos-dashboard",
    ]
    assert (role["rules"], role["metadata"]["annotations"]) == (rules, {})
    assert len(changes_of_roles(cluster)) == 2
    assert cluster.pods_of("chaos-dashboard") == pods


def test_what_is_still_denied_at_the_end_is_allowed_again_and_its_pods_replaced(run, cluster, role):
    rules = role["rules"]
    pods = cluster.pods_of("chaos-dashboard")
    result = run(DENY + "  - wait: 1\n" + UP)
    assert (result.verdict, result.reason, result.leftovers) == (Verdict.PASS, None, [])
    assert (role["rules"], role["metadata"]["annotations"]) == (rules, {})
    assert not set(pods) & set(cluster.pods_of("chaos-dashboard"))


def test_what_was_denied_is_allowed_again_after_an_interrupt_too(run, cluster, role):
    def interrupt():
        cluster.hooks.clear()
        raise KeyboardInterrupt

    rules = role["rules"]
    cluster.hooks["create", "SubjectAccessReview"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(DENY + "  - wait: 1\n" + UP)
    assert (role["rules"], role["metadata"]["annotations"]) == (rules, {})
    assert len(changes_of_roles(cluster)) == 2


@pytest.mark.parametrize("step", ["deny", "allow"])
def test_roles_that_may_not_be_changed_fail_the_step(run, cluster, role, step):
    def refuse():
        cluster.hooks.clear()
        raise from_answer("patch ClusterRole", 403, '{"reason": "Forbidden", "message": "not yours"}')

    def later():
        cluster.hooks["patch", "ClusterRole"] = refuse

    rules = role["rules"]
    cluster.hooks["patch", "ClusterRole"] = refuse if step == "deny" else later
    result = run(DENY + "  - allow: chaos-dashboard\n  - wait: 1\n" + UP)
    assert result.verdict is Verdict.FAIL
    problem = result.steps[-1].problem
    assert (len(result.steps), problem.reason, problem.details) == (
        1 if step == "deny" else 2,
        "the change of the roles of chaos-dashboard was refused (HTTP 403 Forbidden)",
        ["not yours"],
    )
    assert (role["rules"], role["metadata"].get("annotations", {})) == (rules, {})


def test_a_denial_without_effect_is_the_infrastructures_trouble_and_is_put_back(run, cluster, role):
    rules = role["rules"]
    cluster.rules_seconds = 15
    result = run(DENY + "  - wait: 1\n" + UP)
    assert result.verdict is Verdict.ERROR
    assert result.reason.startswith("the API server still allows system:serviceaccount:chaos-mesh:")
    assert (role["rules"], role["metadata"]["annotations"]) == (rules, {})


DOWN = """\
    expect:
      - metric: up
        where: {job: chaos-dashboard}
        equals: 0
"""


@pytest.fixture
def silent(mesh, cluster, prometheus, clock):
    """The dashboard's next pods are targets that never answer."""
    known, as_ever = set(cluster.pods_of("chaos-dashboard")), cluster.came

    def came(job, pod):
        if job != "chaos-dashboard":
            as_ever(job, pod)
        elif pod not in known:
            known.add(pod)
            clock.after(DISCOVERY_SECONDS, lambda: prometheus.target(job, pod, 0.2, lambda: None))

    cluster.came = came


def test_a_pod_that_is_not_to_answer_settles_by_a_scrape_that_fails(run, silent):
    result = run("  - restart: {component: chaos-dashboard, answers: false}\n" + DOWN)
    assert (result.verdict, result.reason) == (Verdict.PASS, None)


def test_a_pod_that_does_not_answer_and_should_is_the_infrastructures_trouble(run, silent, cluster):
    result = run("  - restart: chaos-dashboard\n" + DOWN)
    (new,) = cluster.pods_of("chaos-dashboard")
    assert result.verdict is Verdict.ERROR
    assert result.reason == (
        f"Prometheus does not have the pods' targets: chaos-dashboard {new} is not scraped"
    )


def test_a_pod_that_is_not_to_answer_has_to_be_scraped_all_the_same(run, cluster):
    cluster.came = lambda job, pod: None
    result = run("  - restart: {component: chaos-dashboard, answers: false}\n" + DOWN)
    assert result.verdict is Verdict.ERROR
    assert result.reason.endswith(" is not scraped")
