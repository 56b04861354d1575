"""Scenarios in Python on a fake cluster: the same verdicts, recordings and clean-up as a file's."""

from __future__ import annotations

import pytest

from harness.audit.replay import replay_folder
from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.lint.python import scenario
from harness.recording.reader import RecordingReader
from harness.runner import runner
from harness.runner.control import ControlStrategy
from harness.runner.strategy import ChaosStrategy

GAUGE = "chaos_controller_manager_chaos_experiments"
EVENTS = "chaos_controller_manager_emitted_event_total"
OWN = {"namespace": "${namespace}"}
SPEC = {"action": "pod-failure", "mode": "one", "selector": "${workload.selector}"}
PAUSED = {"oracle": "images", "in": "${fail-0.targets}", "image": "pause", "at_least": 1}
GONE = {"metric": GAUGE, "where": OWN, "absent": True}


@pytest.fixture
def run(around):
    def running(function, *, needs=(), strategy=ChaosStrategy):
        head = scenario("example", about="Made up.", needs=list(needs), workload="mini-node-exporter")
        return runner.run(head(function).file, around, catalogue(), strategy)

    return running


def counted(number):
    series = [{"kind": "PodChaos", "phase": "running", "value": number}]
    return {"metric": GAUGE, "where": OWN, "series": series}


def one_after_the_other(steps):
    """Apply and delete the same chaos twice, and look at more metrics each time."""
    steps.step(wait=1, expect=[GONE])
    for number in range(2):
        steps.chaos(f"fail-{number}", kind="PodChaos", spec=SPEC)
        proof = {**PAUSED, "in": f"${{fail-{number}.targets}}"}
        applied = {"metric": EVENTS, "where": {**OWN, "reason": "Applied"}, "increases_by": 1}
        steps.step(
            apply=f"fail-{number}", until="running", proof=proof, expect=[counted(1), *[applied] * number]
        )
        steps.step(delete=f"fail-{number}", expect=[GONE])


def assert_replays(result):
    done = replay_folder(result.recording)
    assert (done.differing, done.note) == ([], None)
    assert done.findings == result.findings()


def test_a_script_that_holds_passes_and_replays(run, around):
    result = run(one_after_the_other)

    assert (result.verdict, result.reason, result.details) == (Verdict.PASS, None, [])
    titles = ["wait 1 scrape", "apply fail-0", "delete fail-0", "apply fail-1", "delete fail-1"]
    assert [step.title for step in result.steps] == titles
    assert RecordingReader(result.recording).manifest.steps == titles
    assert [len(step.findings) for step in result.steps] == [1, 1, 1, 2, 1]
    assert {finding.verdict for finding in result.findings()} == {Verdict.PASS}
    assert [finding.id for finding in result.findings()] == ["0.0", "1.0", "2.0", "3.0", "3.1", "4.0"]
    assert result.recording == around.recordings / "example"
    assert result.leftovers == []
    assert_replays(result)


def test_a_metric_that_is_new_has_a_baseline_of_its_own(run):
    """The counter is fetched only for the step that looks at it, and its increase is right all the same."""
    result = run(one_after_the_other)

    finding = next(each for each in result.findings() if each.kind == "increases_by")
    assert (finding.verdict, finding.actual[0]["baseline"]) == (Verdict.PASS, 1.0)
    entries = list(RecordingReader(result.recording).entries())
    started = next(
        position
        for position, entry in enumerate(entries)
        if entry.type == "mark" and (entry.step, entry.name) == (3, "started")
    )
    numbers = {each.number for each in entries if each.type == "series" and each.labels["__name__"] == EVENTS}
    layouts = {each.number for each in entries if each.type == "layout" and numbers & set(each.series)}
    first = next(
        index for index, each in enumerate(entries) if each.type == "samples" and each.layout in layouts
    )
    assert first < started


def test_a_wrong_value_fails_and_the_script_goes_on(run, cluster):
    cluster.miscounted = 1
    result = run(one_after_the_other)

    assert result.verdict is Verdict.FAIL
    assert [finding.verdict for finding in result.steps[1].findings] == [Verdict.FAIL]
    assert len(result.steps) == 5
    assert_replays(result)


def test_a_step_that_does_not_come_about_ends_the_script(run, cluster):
    cluster.affects = False
    seen = []

    def script(steps):
        try:
            one_after_the_other(steps)
        except Exception:
            seen.append("caught")
            one = {"wait": 1, "expect": [GONE]}
            steps.step(**one)

    result = run(script)

    assert seen == ["caught"]
    assert (result.verdict, len(result.steps)) == (Verdict.FAIL, 2)
    assert result.steps[1].problem.kind == "proof"
    assert result.leftovers == []


def test_what_a_step_came_to_and_what_an_oracle_says_can_be_asked(run):
    said = {}

    def script(steps):
        result = steps.step(wait=1, expect=[GONE])
        said["verdicts"] = [finding.verdict for finding in result.findings]
        said["pods"] = [point.value for point in steps.read("pods")]
        said["names"] = steps.look_up(["${workload.pods[0]}", "${namespace}"])

    result = run(script)

    assert (result.verdict, result.reason) == (Verdict.PASS, None)
    assert said == {
        "verdicts": [Verdict.PASS],
        "pods": [1.0],
        "names": ["mini-node-exporter-0", result.namespace],
    }


def test_an_assertion_that_does_not_hold_fails_the_scenario(run):
    def script(steps):
        steps.step(wait=1, expect=[GONE])
        assert steps.read("pods") == [], "there are pods\nmore of them"

    result = run(script)

    assert result.verdict is Verdict.FAIL
    problem = result.steps[-1].problem
    assert (problem.kind, problem.reason) == ("assertion", "assertion: there are pods")
    assert problem.details[0].strip() == "more of them"
    assert 'assert steps.read("pods") == []' in problem.details[-1]
    assert [finding.verdict for finding in result.findings()] == [Verdict.PASS]
    assert result.leftovers == []


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (lambda steps: {"a": 1}["x"], "the scenario's own code failed: KeyError: 'x'"),
        (lambda steps: steps.step(wait=0), "steps[1].wait"),
        (lambda steps: steps.read("nothing"), "there is no oracle 'nothing'"),
        (lambda steps: steps.read("processes"), "the oracle processes does not take these parameters"),
        (lambda steps: steps.look_up("${x}"), "no `x`"),
        (lambda steps: steps.chaos("a", kind="PodChaos", spec=SPEC), "`a` is never applied by a step"),
    ],
)
def test_a_script_that_is_wrong_is_an_error_and_no_failure(run, after, told, cluster):
    def script(steps):
        steps.step(wait=1, expect=[GONE])
        after(steps)

    result = run(script)

    assert result.verdict is Verdict.ERROR
    assert told in result.reason
    assert result.leftovers == []


def test_a_script_that_proves_nothing_is_an_error(run):
    def script(steps):
        steps.chaos("fail-0", kind="PodChaos", spec=SPEC)
        steps.step(apply="fail-0", until="running", expect=[counted(1)])

    result = run(script)

    assert result.verdict is Verdict.ERROR
    assert "nothing proves that `fail-0` has an effect" in result.reason


def test_a_script_is_skipped_like_a_file(run, cluster):
    result = run(one_after_the_other, needs=["netem"])

    assert result.verdict is Verdict.SKIPPED
    assert cluster.requests == []


def test_an_interrupted_script_is_cleaned_up(run, cluster, clock):
    def script(steps):
        steps.step(wait=1, expect=[GONE])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(script)
    clock.advance(10)
    assert [key for key in cluster.objects if key[0] == "Namespace"] == []


def test_a_control_run_leaves_the_chaos_of_a_script_out(run, cluster):
    result = run(one_after_the_other, strategy=ControlStrategy)

    assert ("create", "PodChaos") not in [each[:2] for each in cluster.requests]
    assert result.control is not None
    assert {claim.step for claim in result.control} == {0, 1, 2, 3, 4}
    assert result.verdict is Verdict.PASS
