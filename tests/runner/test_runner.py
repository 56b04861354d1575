"""A whole scenario on a fake cluster with a fake Prometheus: verdicts, evidence, clean-up, recording."""

import dataclasses
import errno
import json
import signal
from typing import Any

import pytest
import yaml

from harness.chaosmesh import experiments
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.release import Release
from harness.judge.finding import Finding, Verdict
from harness.judge.replay import replay
from harness.kubernetes.errors import from_answer
from harness.lint.check import load_checked
from harness.oracles.base import OracleError, oracles
from harness.prometheus.prometheus import PrometheusUnreachableError, QueryResult
from harness.recording.reader import RecordingReader
from harness.runner import runner
from harness.runner.clean_up import CleanUp
from harness.runner.expectations import Expectations
from harness.runner.observer import Observer
from harness.runner.outage import RETURN_SECONDS
from harness.runner.readings import OracleReadings
from harness.runner.scenario_run import ScenarioRun
from harness.runner.strategy import ChaosStrategy

SCENARIO = """\
scenario: example
about: A pod that is paused and comes back.
tags: [made-up]
{more}
workload: mini-node-exporter
chaos:
  fail:
    kind: PodChaos
    spec: {{action: pod-failure, mode: one, selector: "${{workload.selector}}"}}
steps:
{first}  - apply: fail
    until: running
    bound: 5
    proof: {{oracle: images, in: "${{fail.targets}}", image: pause, at_least: 1, because: it was stopped}}
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespace}}", kind: PodChaos, phase: running}}
        equals: 1
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespace}}"}}
        series: {{oracle: experiments}}
      - metric: chaos_controller_manager_emitted_event_total
        where: {{namespace: "${{namespace}}", reason: Applied, type: Normal}}
        increases_by: 1
  - delete: fail
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespace}}"}}
        absent: true
"""
FIRST = """\
  - wait: 1
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}"}
        absent: true
"""


@pytest.fixture
def run(around, tmp_path):
    def running(*, more="", first=FIRST, text=SCENARIO):
        path = tmp_path / "example.yaml"
        path.write_text(text.format(more=more, first=first))
        return runner.run(load_checked(path)[0], around, catalogue())

    return running


def left_over(result):
    return [(left.kind, left.name, left.what_was_done) for left in result.leftovers]


def assert_replays(result):
    """The recording on disk gives the findings that were reported."""
    reader = RecordingReader(result.recording)
    found = replay(reader.entries(), reader.manifest)
    assert found == result.findings()
    assert reader.truncated is None
    return found


def own_objects(cluster, result):
    return [key for key in cluster.objects if key[1] == result.namespace]


def test_a_scenario_that_holds_passes(run, around, cluster):
    result = run()
    assert (result.verdict, result.reason, result.details) == (Verdict.PASS, None, [])
    assert [step.title for step in result.steps] == ["wait 1 scrape", "apply fail", "delete fail"]
    assert [[finding.verdict for finding in step.findings] for step in result.steps] == [
        [Verdict.PASS],
        [Verdict.PASS] * 3,
        [Verdict.PASS],
    ]
    assert result.steps[1].proofs == [
        "images (image pause, in mini-node-exporter-0/mini-node-exporter): 1; wanted: at least 1"
    ]
    assert all(step.problem is None for step in result.steps)
    assert (result.name, result.about, result.tags) == (
        "example",
        "A pod that is paused and comes back.",
        ["made-up"],
    )
    assert result.recording == around.recordings / "example"
    assert list(result.phases) == ["set up", "steps", "clean up"]
    assert len(assert_replays(result)) == 5


def test_what_only_should_hold_does_not_fail_a_scenario(run):
    text = SCENARIO.replace("        equals: 1\n", "        equals: 2\n        level: should\n")
    result = run(text=text)
    assert result.verdict is Verdict.PASS
    ((step, finding),) = result.unmet()
    assert (step.title, finding.verdict, finding.step) == ("apply fail", Verdict.FAIL, 1)
    assert_replays(result)


@pytest.mark.parametrize(
    ("first", "left_out"),
    [
        ("", "increases_by: 1"),
        (FIRST.replace("absent: true", "unchanged: true").replace("experiments", "schedules"), None),
    ],
    ids=["apply", "needs a baseline"],
)
def test_a_first_step_that_needs_a_scrape_before_it_waits_for_one(run, first, left_out):
    result = run(first=first, text=SCENARIO.replace(left_out or "-", "present: true" if left_out else "-"))
    assert list(result.phases) == ["set up", "first scrape", "steps", "clean up"]
    assert all(finding.verdict is Verdict.PASS for finding in result.steps[-2].findings)
    types = [entry.type for entry in RecordingReader(result.recording).entries()]
    assert types.index("samples") < types.index("mark")


def test_a_step_that_waits_reads_its_oracles_before_the_scrapes(run):
    step = run(first=FIRST.replace("absent: true", "series: {oracle: experiments}")).steps[0]
    (finding,) = step.findings
    assert finding.verdict is Verdict.PASS
    assert finding.evidence["scrapes"][0]["time"] < step.settled, "what was waited for could be compared"


def test_each_steps_times_are_in_order_and_follow_each_other(run):
    result = run()
    times = [
        time for step in result.steps for time in (step.started, step.acknowledged, step.settled, step.ended)
    ]
    assert times == sorted(times)
    assert result.seconds > times[-1] - times[0] > 0


def test_everything_that_was_made_is_labelled_and_gone_afterwards(run, cluster, clock):
    labels: list[Any] = []
    cluster.hooks["until", "PodChaos"] = lambda: labels.extend(
        body["metadata"]["labels"]
        for (kind, _, _), body in cluster.objects.items()
        if kind in ("Namespace", "PodChaos")
    )
    result = run()
    own = {"app.kubernetes.io/managed-by": "chaos-harness", "chaos-harness/run": "run1"}
    assert all(own.items() <= each.items() for each in labels[:2])
    # By which a later run knows that it may remove what is left.
    assert "chaos-harness/stack" in labels[0]
    clock.advance(10)
    assert ("PodChaos", result.namespace, "here") not in cluster.objects
    assert ("Namespace", None, result.namespace) not in cluster.objects
    assert result.leftovers == []
    assert not cluster.watched


def test_oracles_are_read_before_the_first_scrape_so_that_it_can_be_compared(run):
    plain, with_oracle, _ = run().steps[1].findings
    assert plain.seconds == with_oracle.seconds


def test_the_namespace_is_named_after_the_scenario(run):
    result = run()
    assert result.namespace.startswith("example-")
    assert len(result.namespace) == len("example-") + 6


def test_the_recording_says_what_it_was_made_of(run, around):
    manifest = RecordingReader(run().recording).manifest
    assert manifest.scenario == "example"
    assert manifest.namespace.startswith("example-")
    assert (manifest.interval, manifest.clock_offset, manifest.clock_uncertainty) == (1.0, 0.25, 0.001)
    assert manifest.stack == {"cluster": "c"}
    assert manifest.steps == ["wait 1 scrape", "apply fail", "delete fail"]


def test_events_are_in_the_recording(run):
    entries = RecordingReader(run().recording).entries()
    assert [(entry.reason, entry.object) for entry in entries if entry.type == "event"] == [
        ("Applied", "fail"),
        ("Recovered", "fail"),
    ]


def test_a_wrong_value_fails_with_both_numbers(run, cluster):
    cluster.miscounted = 1
    result = run()
    assert (result.verdict, result.reason) == (Verdict.FAIL, None)
    finding = result.steps[1].findings[0]
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "never within 10 scrapes and 5 more; at the last: the value is 2"
    assert finding.expected == "equal to 1"
    assert finding.actual[0]["value"] == 2.0
    # What differs from the oracle fails too, and the scenario went on to its last step.
    assert [each.verdict for each in result.findings()] == [
        Verdict.PASS,
        Verdict.FAIL,
        Verdict.FAIL,
        Verdict.PASS,
        Verdict.PASS,
    ]
    assert_replays(result)


def test_a_phase_that_is_never_reached_fails_with_what_the_cluster_says(run, cluster):
    cluster.injects = False
    result = run()
    assert (result.verdict, len(result.steps)) == (Verdict.FAIL, 2)
    problem = result.steps[1].problem
    assert problem.kind == "until"
    assert problem.reason == "PodChaos fail was not running within 5 s: it is injecting"
    assert problem.details == [
        "phase injecting",
        "conditions: AllInjected False, Selected True",
        "finalizers: chaos-mesh/records",
        f"{result.namespace}/mini-node-exporter-0: Not Injected; apply failed: cannot start the container",
        "event Failed: Failed to apply chaos: cannot start the container",
        "chaos-daemon on n1: cannot start the container: pause is not there",
    ]
    assert result.steps[1].findings == []
    assert result.steps[1].settled is None
    assert result.leftovers == []


def test_a_failed_step_is_noted_in_the_recording(run, cluster):
    cluster.injects = False
    result = run()
    notes = [entry for entry in RecordingReader(result.recording).entries() if entry.type == "note"]
    assert [(note.text, note.detail) for note in notes] == [
        (result.steps[1].problem.reason, result.steps[1].problem.model_dump())
    ]
    assert [finding.id for finding in assert_replays(result)] == ["0.0"], "the others were never asked for"


def test_a_chaos_without_effect_fails_however_the_metrics_look(run, cluster):
    cluster.affects = False
    result = run()
    assert (result.verdict, len(result.steps)) == (Verdict.FAIL, 2)
    problem = result.steps[1].problem
    assert (problem.kind, problem.reason, problem.details) == (
        "proof",
        "the chaos had no effect: images (image pause, in mini-node-exporter-0/mini-node-exporter): 0; "
        "wanted: at least 1",
        [
            "because: it was stopped",
            "instead: mini-node-exporter-0/mini-node-exporter has the image workload:1",
        ],
    )
    step = result.steps[1]
    assert (step.proofs, step.findings) == ([], [])


def test_a_result_has_the_file_and_what_was_applied(run):
    result = run()
    assert result.source.startswith("scenario: ")
    assert yaml.safe_load(result.manifests["fail"])["kind"] == "PodChaos"
    assert "labels" not in yaml.safe_load(result.manifests["fail"])["metadata"]
    assert result.namespace in result.manifests["fail"]


def test_an_effect_that_comes_late_within_the_bound_is_proven(run, cluster, clock):
    cluster.affects = False

    def affect():
        chaos = next(body for key, body in cluster.objects.items() if key[0] == "PodChaos")
        cluster._set_image(chaos, "pause:3")

    cluster.hooks["until", "PodChaos"] = lambda: (cluster.hooks.clear(), clock.after(3.0, affect))
    assert run().verdict is Verdict.PASS


def test_an_apply_that_is_refused_fails_with_the_webhooks_words(run, cluster):
    def refuse():
        message = 'admission webhook "vpodchaos.kb.io" denied the request: spec.mode: wrong'
        raise from_answer(
            "create PodChaos fail", 403, json.dumps({"reason": "Forbidden", "message": message})
        )

    cluster.hooks["create", "PodChaos"] = refuse
    result = run()
    assert result.verdict is Verdict.FAIL
    problem = result.steps[1].problem
    assert (problem.kind, problem.reason, problem.details) == (
        "action",
        "PodChaos fail was refused (HTTP 403 Forbidden)",
        ['admission webhook "vpodchaos.kb.io" denied the request: spec.mode: wrong'],
    )
    assert result.leftovers == []


@pytest.mark.parametrize(
    ("status", "message"),
    [(400, 'strict decoding error: unknown field "spec.mod"'), (422, "spec.mode: Unsupported value")],
)
def test_an_object_that_does_not_fit_its_schema_is_no_failure_of_the_product(run, cluster, status, message):
    def refuse():
        raise from_answer("create PodChaos fail", status, json.dumps({"message": message}))

    cluster.hooks["create", "PodChaos"] = refuse
    result = run()
    assert result.verdict is Verdict.ERROR
    assert message in result.details
    assert result.leftovers == []


def test_a_missing_capability_skips_with_its_reason_and_touches_nothing(run, cluster, around):
    result = run(more="needs: [cgroup-v2, netem]")
    assert (result.verdict, result.reason) == (
        Verdict.SKIPPED,
        "netem: node n1: Specified qdisc kind is unknown",
    )
    assert cluster.requests == []
    assert (result.steps, result.recording, result.namespace) == ([], None, None)
    assert not around.recordings.exists()


def test_all_missing_capabilities_are_named(run, around):
    around.capabilities["cgroup-v2"] = "node n1: not mounted"
    del around.capabilities["netem"]
    assert run(more="needs: [cgroup-v2, netem]").reason == (
        "cgroup-v2: node n1: not mounted; netem: not a capability that is probed"
    )


def test_what_the_release_does_not_have_skips_like_a_missing_capability(run, around):
    object.__setattr__(around, "release", Release.of("v2.1.8"))

    result = run()

    assert result.verdict is Verdict.SKIPPED
    assert result.reason == "chaos_controller_manager_emitted_event_total: since v2.2.0; this is v2.1.8"


def test_a_proof_that_cannot_be_read_is_an_error_and_no_missing_effect(run, monkeypatch):
    def unreadable(self, parameters):
        raise OracleError("the kubelet does not answer")

    monkeypatch.setattr(oracles()["images"], "read", unreadable)
    result = run()
    assert result.verdict is Verdict.ERROR
    assert result.reason == (
        "the proof of an effect could not be had: images could not be read: the kubelet does not answer"
    )
    assert result.leftovers == []


def test_an_oracle_that_does_not_take_what_a_template_became_is_an_error_that_says_so(run, monkeypatch):
    monkeypatch.setattr(experiments, "targets", lambda *_: [{"nonsense": "x"}])
    result = run()
    assert result.verdict is Verdict.ERROR
    assert result.reason.startswith("the oracle images does not take these parameters, templates resolved: ")
    assert any("nonsense" in detail for detail in result.details)


def test_prometheus_that_is_lost_is_an_error_and_no_failure(run, prometheus, cluster):
    cluster.hooks["create", "PodChaos"] = lambda: setattr(prometheus, "down", True)
    result = run()
    assert (result.verdict, result.reason) == (Verdict.ERROR, "Prometheus has not answered for 5 s")
    assert result.details == [
        "cannot query Prometheus: no answer",
        "look at its pod: chaos-harness status; nothing was judged without it",
    ]
    assert result.steps[1].findings == []
    assert result.leftovers == []
    assert [key for key in own_objects(cluster, result) if key[0] in ("Pod", "PodChaos")] == []


def test_prometheus_behind_an_api_server_that_is_gone_is_not_to_blame(run, prometheus, cluster):
    waits = []

    def both():
        waits.append("until")
        # The second is for the deletion, after which only Prometheus is asked.
        prometheus.down = cluster.down = len(waits) == 2

    cluster.hooks["until", "PodChaos"] = both
    result = run()
    assert (result.verdict, result.reason) == (Verdict.ERROR, "cannot get version: no answer")
    assert result.details == ["look at the API server"]
    (left,) = result.leftovers
    assert left.infrastructure


def test_findings_before_the_trouble_are_kept_and_a_failure_stays_one(run, prometheus, cluster):
    cluster.miscounted = 1
    cluster.hooks["delete", "PodChaos"] = lambda: setattr(prometheus, "down", True)
    result = run()
    assert result.verdict is Verdict.FAIL
    assert result.reason == "Prometheus has not answered for 5 s"
    assert result.steps[1].findings[0].verdict is Verdict.FAIL


def test_an_api_server_that_is_gone_is_an_error_and_the_clean_up_says_so(run, cluster):
    cluster.hooks["create", "PodChaos"] = lambda: (cluster.go_down(), cluster.list("Pod"))
    result = run()
    assert (result.verdict, result.reason) == (Verdict.ERROR, "cannot list Pod: no answer")
    assert result.details == ["look at the API server"]
    assert left_over(result) == [
        (
            "Namespace",
            result.namespace,
            "clean-up stopped: cannot get Namespace: no answer; the next run sweeps it",
        )
    ]


def test_a_refusal_outside_of_the_steps_is_an_error(run, cluster):
    def refuse():
        raise from_answer("create Namespace", 403, '{"reason": "Forbidden", "message": "not yours"}')

    cluster.hooks["create", "Namespace"] = refuse
    result = run()
    assert result.verdict is Verdict.ERROR
    assert result.reason == "cannot create Namespace: refused (HTTP 403 Forbidden)"
    assert result.details == ["not yours", ""]
    assert result.leftovers == []


def test_a_target_that_is_never_scraped_is_an_error_before_the_first_step(run, prometheus):
    prometheus.target("controller-manager", "10.0.1.2:10080", 0.2, lambda: None)
    result = run(first="")
    assert (result.verdict, result.steps) == (Verdict.ERROR, [])
    assert result.reason == (
        "not scraped 1 times within 15 scrape intervals: controller-manager 10.0.1.2:10080"
    )
    assert result.details == [
        "controller-manager 10.0.1.2:10080: down: connection refused",
        "look at the component's pod; chaos-harness status names the kubeconfig",
    ]
    assert result.leftovers == []


def test_a_step_that_waits_is_given_the_longer_the_more_scrapes_it_wants(run, prometheus):
    prometheus.target("controller-manager", "10.0.1.2:10080", 0.2, lambda: None)
    assert run(first=FIRST.replace("wait: 1", "wait: 3")).reason == (
        "not scraped 3 times within 18 scrape intervals: controller-manager 10.0.1.2:10080"
    )


def gone_target(prometheus, clock):
    """A target that was scraped just before the scenario, and never again."""
    labels = {"__name__": "up", "job": "controller-manager", "instance": "gone", "node": "n1"}
    prometheus.put(labels, clock.now() - 0.5, 1.0)


def test_a_target_that_went_is_not_waited_for(run, prometheus, clock):
    gone_target(prometheus, clock)
    result = run()
    assert result.reason is None
    assert 4 < result.steps[0].settled - result.steps[0].started < 7


def test_a_job_whose_only_target_went_is_named(run, prometheus, clock):
    gone_target(prometheus, clock)
    prometheus.scrapes = False
    assert run(first="").reason == (
        "not scraped 1 times within 15 scrape intervals: any target of job controller-manager"
    )


def test_a_job_that_never_had_a_target_is_named(run, prometheus, monkeypatch):
    def unreachable():
        raise PrometheusUnreachableError("cannot ask for the targets: no answer")

    prometheus.scrapes = False
    monkeypatch.setattr(prometheus, "targets", unreachable)
    result = run(first="")
    assert result.reason == (
        "not scraped 1 times within 15 scrape intervals: any target of job controller-manager"
    )
    assert result.details[0] == (
        "Prometheus' own list of targets could not be had: cannot ask for the targets: no answer"
    )


def test_an_interrupt_leaves_after_the_clean_up(run, cluster, around):
    def interrupt():
        cluster.hooks.clear()
        raise KeyboardInterrupt

    cluster.hooks["until", "PodChaos"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        run()
    assert [key for key in cluster.objects if key[0] in ("PodChaos", "StatefulSet")] == []
    (namespace,) = [body for key, body in cluster.objects.items() if key[0] == "Namespace"]
    assert "deletionTimestamp" in namespace["metadata"]
    reader = RecordingReader(around.recordings / "example")
    assert list(reader.entries())
    assert reader.truncated is None, "the file was closed"


def removed(cluster):
    (namespace,) = [body for key, body in cluster.objects.items() if key[0] == "Namespace"]
    assert [key for key in cluster.objects if key[0] in ("PodChaos", "StatefulSet")] == []
    return "deletionTimestamp" in namespace["metadata"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_the_clean_up_waits_for_its_end(run, cluster, number):
    def stop(*_):
        raise KeyboardInterrupt

    def interrupt():
        cluster.hooks.clear()
        signal.raise_signal(number)

    before = signal.signal(number, stop)
    try:
        cluster.hooks["delete", "Namespace"] = interrupt
        with pytest.raises(KeyboardInterrupt):
            run()
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)
    assert removed(cluster)


def test_who_insists_ends_the_clean_up(run, cluster, monkeypatch):
    monkeypatch.setattr("harness.runner.interrupts._SAME_SECONDS", 0.0)

    def interrupt():
        cluster.hooks.clear()
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    cluster.hooks["delete", "Namespace"] = interrupt
    # What is started in the background by a shell ignores SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run()
    finally:
        signal.signal(signal.SIGINT, before)
    assert [key for key in cluster.objects if key[0] == "StatefulSet"], "left for the next run"


def test_a_run_that_is_gone_is_noticed_and_cleaned_up_after(around, cluster, tmp_path):
    class Gone(Observer):
        def waiting(self, what):
            if what == "the clean-up":
                raise KeyboardInterrupt("the run has ended")

    path = tmp_path / "example.yaml"
    path.write_text(SCENARIO.format(more="", first=FIRST))
    with pytest.raises(KeyboardInterrupt):
        runner.run(load_checked(path)[0], dataclasses.replace(around, observer=Gone()), catalogue())
    assert removed(cluster)


def test_what_the_clean_up_had_to_force_is_reported_beside_the_verdict(run, cluster):
    cluster.injects = False
    cluster.stuck.add(("PodChaos", "fail"))
    result = run()
    assert left_over(result) == [
        (
            "PodChaos",
            "fail",
            "was stuck in deletion; its finalizers (chaos-mesh/records) were removed",
        )
    ]
    assert ("PodChaos", result.namespace, "fail") not in cluster.objects


def test_pods_that_are_still_ending_are_looked_at_when_the_run_ends(run, cluster):
    cluster.immortal.add(("Pod", "mini-node-exporter-0"))
    result = run()
    assert (result.verdict, result.leftovers) == (Verdict.PASS, [])
    pod = cluster.objects["Pod", result.namespace, "mini-node-exporter-0"]
    assert "deletionTimestamp" in pod["metadata"]


def test_a_clean_up_that_is_refused_is_a_leftover(run, cluster):
    def refuse():
        raise from_answer("delete Pod", 403, '{"reason": "Forbidden"}')

    cluster.hooks["delete", "Pod"] = refuse
    result = run()
    assert result.verdict is Verdict.PASS
    assert left_over(result) == [
        (
            "Namespace",
            result.namespace,
            "clean-up stopped: cannot delete Pod: refused (HTTP 403 Forbidden); the next run sweeps it",
        )
    ]


@pytest.mark.parametrize("status", [429, 503])
def test_a_clean_up_waits_for_an_api_server_in_trouble(run, cluster, clock, status):
    troubled: list[float] = []

    def trouble():
        if len(troubled) < 5:
            troubled.append(clock.monotonic())
            raise from_answer("delete Pod", status, '{"reason": "Busy"}')

    cluster.hooks["delete", "Pod"] = trouble
    result = run()
    assert (result.verdict, left_over(result), len(troubled)) == (Verdict.PASS, [], 5)
    assert len(set(troubled)) == 5


def test_a_clean_up_does_not_wait_for_ever(run, cluster, clock):
    gone = []
    cluster.hooks["delete", "PodChaos"] = lambda: (gone.append(clock.now()), cluster.go_down())
    (left,) = run().leftovers
    assert left.infrastructure
    assert RETURN_SECONDS <= clock.now() - gone[0] < 2 * RETURN_SECONDS


def no_space(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("when", ["write", "close"])
def test_a_full_disk_is_an_error_and_the_clean_up_is_done_all_the_same(run, cluster, monkeypatch, when):
    fill_up = {("create", "PodChaos"): lambda: monkeypatch.setattr(f"gzip.GzipFile.{when}", no_space)}
    cluster.hooks.update(fill_up)
    result = run()
    assert result.verdict is Verdict.ERROR
    assert (
        result.reason
        == f"cannot write the recording {result.recording}/entries.jsonl.gz: No space left on device"
    )
    assert result.details == ["free disk space or choose another folder for the report, then run again"]
    assert [key for key in own_objects(cluster, result) if key[0] in ("Pod", "PodChaos")] == []


def test_a_full_disk_does_not_hide_a_failure(run, cluster, monkeypatch):
    cluster.injects = False
    monkeypatch.setattr("gzip.GzipFile.close", no_space)
    result = run()
    assert result.verdict is Verdict.FAIL
    assert result.steps[1].problem.kind == "until"


def test_a_recording_that_cannot_be_begun_is_an_error_too(run, around, cluster):
    around.recordings.write_text("a file in the place of the folder")
    result = run()
    assert result.verdict is Verdict.ERROR
    assert result.reason == (f"cannot write the recording {around.recordings / 'example'}: Not a directory")
    assert [request for request in cluster.requests if request[0] == "create"] == []


def expressing(expectation):
    return SCENARIO.replace(
        """        series: {{oracle: experiments}}
""",
        f"""        series: {{{{oracle: experiments}}}}
      - {expectation}
""",
    )


SUM = "sum(chaos_controller_manager_chaos_experiments)"


def test_an_expression_is_evaluated_at_the_times_of_scrapes(run, prometheus):
    prometheus.evaluates[SUM] = lambda at: 1 if at % 1 == pytest.approx(0.37, abs=0.01) else 0
    result = run(text=expressing(f"{{{{promql: {SUM}, equals: 1}}}}"))
    finding = result.steps[1].findings[2]
    assert (result.verdict, finding.verdict, finding.promql) == (Verdict.PASS, Verdict.PASS, SUM)
    asked = [at for expression, at in prometheus.queries if expression == SUM]
    assert len(asked) == len(set(asked)) >= 2, "the one before the step, and each since; none twice"
    assert asked[0] < result.steps[1].started
    assert all(at > result.steps[1].settled for at in asked[1:])
    assert_replays(result)


def test_a_wrong_expression_fails_and_the_recording_says_the_same(run, prometheus):
    prometheus.evaluates[SUM] = lambda at: 3
    result = run(text=expressing(f"{{{{promql: {SUM}, equals: 1, deadline: 2}}}}"))
    finding = result.steps[1].findings[2]
    assert (result.verdict, finding.verdict) == (Verdict.FAIL, Verdict.FAIL)
    assert finding.reason.endswith("at the last: the value is 3")
    assert_replays(result)


def test_a_refused_expression_is_an_error_at_once(run, prometheus):
    prometheus.evaluates[SUM] = lambda at: QueryResult(error_type="bad_data", error="unknown function")
    result = run(text=expressing(f"{{{{promql: {SUM}, equals: 1}}}}"))
    finding = result.steps[1].findings[2]
    assert (result.verdict, finding.verdict, finding.layer) == (Verdict.ERROR, Verdict.ERROR, "query")
    assert finding.reason == "Prometheus refused the expression: unknown function"
    assert len(prometheus.queries) == 1
    assert_replays(result)


def test_prometheus_that_is_gone_for_a_moment_is_asked_again(run, prometheus):
    failed: list[Any] = []

    def evaluate(at):
        if len(failed) < 2:
            failed.append(at)
            raise PrometheusUnreachableError("no answer")
        return 1

    prometheus.evaluates[SUM] = evaluate
    result = run(text=expressing(f"{{{{promql: {SUM}, equals: 1}}}}"))
    assert result.verdict is Verdict.PASS
    assert len(failed) == 2
    assert_replays(result)


def test_an_expression_that_is_never_answered_ends_the_scenario(run, prometheus):
    failed = []

    def evaluate(at):
        failed.append(at)
        assert len(failed) < 1000, "asked for ever"
        raise PrometheusUnreachableError("Prometheus is in trouble: timeout")

    prometheus.evaluates[SUM] = evaluate
    result = run(text=expressing(f"{{{{promql: {SUM}, equals: 1}}}}"))
    assert result.verdict is Verdict.ERROR
    assert result.reason.startswith(f"Prometheus has not answered {SUM} for ")
    assert result.details[0] == "Prometheus is in trouble: timeout"


def test_a_failure_is_looked_at_and_the_collector_named(run, cluster):
    cluster.miscounted = 1
    result = run()
    finding = result.steps[1].findings[0]
    assert finding.layer == "collector"
    assert "The oracle experiments, read before and after the scrape" in finding.explanation[0]
    (look,) = finding.evidence["looks"]
    assert [each["value"] for each in look["exposed"]] == [2.0]
    assert look["scrape_before"] < look["began"] < look["ended"] < look["scrape_after"]
    assert finding.evidence["truth"]["oracle"] == "experiments"


def test_a_value_that_chaos_mesh_rightly_has_is_the_products(run):
    result = run(text=SCENARIO.replace("        equals: 1\n", "        equals: 7\n", 1))
    finding = result.steps[1].findings[0]
    assert (finding.verdict, finding.layer) == (Verdict.FAIL, "product")
    assert_replays(result)


def test_a_look_that_is_not_answered_changes_no_verdict(run, cluster):
    cluster.miscounted = 1

    def refuse():
        raise from_answer("get", 503, "no endpoints")

    cluster.hooks["look", "10.0.1.1:10080"] = refuse
    result = run()
    finding = result.steps[1].findings[0]
    # Its oracle disagreed, whether the component could be asked or not.
    assert (finding.verdict, finding.layer) == (Verdict.FAIL, "collector")
    assert "could not be asked" in " ".join(finding.explanation)
    assert_replays(result)


def test_a_changed_label_is_the_collectors_for_each_expectation_on_the_metric(run, cluster):
    cluster.misnamed["Applied"] = "applied"
    more = SCENARIO.replace(
        "        increases_by: 1\n",
        "        increases_by: 1\n"
        "      - metric: chaos_controller_manager_emitted_event_total\n"
        '        where: {{namespace: "${{namespace}}", reason: Started, type: Normal}}\n'
        "        equals: 7\n",
    )
    result = run(text=more)
    findings = {finding.id: finding for finding in result.steps[1].findings}
    changed = findings["1.2"]
    assert (changed.verdict, changed.layer) == (Verdict.FAIL, "collector")
    assert 'with reason="applied"' in changed.explanation[0]
    assert 'the nearest is reason="Applied"' in changed.explanation[0]
    assert findings["1.3"].layer != "scrape"
    assert_replays(result)


def test_all_that_is_wanted_of_a_target_is_asked_for_at_once(run, cluster):
    cluster.misnamed["Applied"] = "applied"
    more = "".join(
        "      - metric: chaos_controller_manager_emitted_event_total\n"
        f'        where: {{{{namespace: "${{{{namespace}}}}", reason: {reason}, type: Normal}}}}\n'
        "        equals: 7\n"
        for reason in ("Started", "Updated", "Applied", "Recovered", "Deleted", "TimeUp", "Paused", "Spawned")
    )
    text = SCENARIO.replace("        increases_by: 1\n", f"        increases_by: 1\n{more}")
    result = run(text=text)
    failed = [finding for finding in result.steps[1].findings if finding.verdict is Verdict.FAIL]
    assert len(failed) == 9
    assert all("looks" in finding.evidence for finding in failed)
    assert {finding.layer for finding in failed} <= {"collector", "product"}
    assert len([request for request in cluster.requests if request[0] == "look"]) == 1
    assert_replays(result)


def test_what_differs_between_two_scrapes_is_looked_at_twice(run, cluster):
    look = cluster.proxy_fetch
    shown: list[Any] = []

    def once(*where, **more):
        cluster.miscounted = 1 if shown else 5
        shown.append(look(*where, **more))
        cluster.miscounted = 1
        return shown[-1]

    cluster.miscounted, cluster.proxy_fetch = 1, once
    result = run()
    finding = result.steps[1].findings[0]
    assert (finding.verdict, finding.layer) == (Verdict.FAIL, "collector")
    assert "exposes now this, now that" in finding.explanation[0]
    assert_replays(result)


def test_what_passes_is_not_looked_at(run, cluster):
    assert run().verdict is Verdict.PASS
    assert not [request for request in cluster.requests if request[0] == "look"]


def test_an_observer_is_told_each_step_each_wait_and_what_is_decided(run, around, tmp_path):
    told = []

    class Watching(Observer):
        def scenario(self, name, steps):
            told.append(f"{name}: {', '.join(steps)}")

        def ended(self, result):
            told.append(result.verdict.value)

        def step(self, index, title):
            told.append(f"step {index}")

        def waiting(self, what):
            if told[-1:] != [what]:
                told.append(what)

        def judged(self, verdicts, scrapes):
            told.extend(f"{each.id} {each.verdict.value}" for each in verdicts if isinstance(each, Finding))

    path = tmp_path / "example.yaml"
    path.write_text(SCENARIO.format(more="", first=FIRST))
    watched = dataclasses.replace(around, observer=Watching())
    assert runner.run(load_checked(path)[0], watched, catalogue()).verdict is Verdict.PASS
    assert told[0] == "example: wait 1 scrape, apply fail, delete fail"
    assert told[1:5] == ["the workload", "step 0", "scrape 1 of 1 of each target", "0.0 passed"]
    assert told[5:7] == ["step 1", "PodChaos fail to be running"]
    assert told[-2:] == ["the clean-up", "passed"]
    assert "1.2 passed" in told
    assert told.index("step 2") < told.index("PodChaos fail to be gone")


TWO = """\
scenario: example
about: One chaos here and one in another namespace, which is removed.
{more}workload: mini-node-exporter
namespaces: [second]
chaos:
  here:
    kind: PodChaos
    spec: {{action: pod-failure, mode: one, selector: "${{workload.selector}}"}}
  there:
    kind: PodChaos
    namespace: second
    spec: {{action: pod-failure, mode: one, selector: {{namespaces: ["${{namespaces.second}}"]}}}}
steps:
{first}  - apply: there
    until: running
    proof: {{oracle: pods, equals: 1}}
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespaces.second}}"}}
        present: true
  - remove_namespace: second
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespaces.second}}"}}
        absent: true
  - apply: here
    refused: nobody may
"""


def test_a_further_namespace_is_made_used_and_removed(run, cluster):
    def refuse():
        if ("create", "PodChaos", "here") in cluster.requests:
            raise from_answer("x", 403, '{"reason": "Forbidden", "message": "nobody may"}')

    cluster.hooks["create", "PodChaos"] = refuse
    result = run(text=TWO)
    assert result.verdict is Verdict.PASS, result
    assert result.further_namespaces == [f"{result.namespace}-second"]
    assert not left_over(result)
    assert result.further_namespaces[0] not in {key[2] for key in cluster.objects if key[0] == "Namespace"}
    assert_replays(result)


def test_what_should_be_refused_and_is_not_fails_and_is_cleaned_up(run, cluster):
    result = run(text=TWO)
    assert result.verdict is Verdict.FAIL
    assert result.steps[-1].problem.reason == "`apply here` was not refused, and should be with `nobody may`"
    assert ("PodChaos", result.namespace, "here") not in cluster.objects


def test_what_a_step_without_expectations_did_does_not_count_for_the_next(run):
    text = SCENARIO.split("    expect:\n      - metric: chaos_controller_manager_chaos_experiments\n", 1)[0]
    text += """\
  - wait: 1
    expect:
      - metric: chaos_controller_manager_emitted_event_total
        where: {{namespace: "${{namespace}}", reason: Applied, type: Normal}}
        increases_by: 0
  - delete: fail
  - apply: fail
    until: running
    proof: {{oracle: images, in: "${{fail.targets}}", image: pause, at_least: 1}}
  - delete: fail
    expect:
      - metric: chaos_controller_manager_emitted_event_total
        where: {{namespace: "${{namespace}}", reason: Applied, type: Normal}}
        increases_by: 0
"""
    result = run(text=text, first="")
    assert result.verdict is Verdict.PASS, [finding.reason for finding in result.findings()]
    assert_replays(result)


@pytest.mark.parametrize(
    "where",
    [
        (ChaosStrategy, "perform"),
        (Expectations, "decide"),
        (ScenarioRun, "diagnose"),
        (CleanUp, "_write_findings"),
        (OracleReadings, "stop"),
        (CleanUp, "_clean"),
        (ScenarioRun, "close"),
    ],
    ids=lambda where: where[1],
)
def test_a_defect_is_an_error_of_its_scenario_and_what_was_made_is_removed(
    run, around, cluster, monkeypatch, where
):
    def breaks(*_, **__):
        raise KeyError("nobody foresaw it")

    if where == (ScenarioRun, "diagnose"):
        monkeypatch.setattr(Expectations, "decide", breaks)
    monkeypatch.setattr(*where, breaks)
    result = run()
    assert result.verdict is Verdict.ERROR
    assert result.reason == "a defect of the harness: cannot run example: KeyError: 'nobody foresaw it'"
    assert result.defect == f"{result.reason}; traceback, in the report: defects/example.txt"
    assert "in breaks" in (around.recordings.parent / "defects/example.txt").read_text()
    if where not in ((CleanUp, "_clean"), (ScenarioRun, "close")):
        assert "PodChaos" not in {kind for kind, _, _ in own_objects(cluster, result)}


def test_a_failure_that_was_seen_before_a_defect_does_not_count(run, monkeypatch):
    def breaks(*_, **__):
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr(CleanUp, "_write_findings", breaks)
    result = run(text=SCENARIO.replace("increases_by: 1", "increases_by: 7"))
    assert Verdict.FAIL in {finding.verdict for finding in result.findings()}
    assert result.verdict is Verdict.ERROR


def test_a_scenario_that_takes_too_long_is_an_error_and_cleans_up(run, cluster):
    def time_is_up():
        cluster.hooks.clear()
        signal.raise_signal(signal.SIGALRM)

    cluster.hooks["until", "PodChaos"] = time_is_up
    before = signal.getsignal(signal.SIGALRM)
    result = run(text=f"timeout: 90s\n{SCENARIO}")
    assert result.verdict is Verdict.ERROR
    assert result.reason == "inconclusive: the scenario took longer than its timeout of 1m30s"
    assert [key for key in cluster.objects if key[0] in ("PodChaos", "StatefulSet")] == []
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
