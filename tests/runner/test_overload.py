"""A whole scenario while nothing can be done is no failure; what fails otherwise is one."""

import dataclasses

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.kubernetes.errors import from_answer
from harness.lint.check import load_checked
from harness.recording.overload import Stretch
from harness.recording.reader import RecordingReader
from harness.runner import runner
from harness.runner.vitals import Vitals
from tests.runner.test_runner import FIRST, SCENARIO, assert_replays

CLOCK_OFFSET = 0.25
HOW = "inconclusive: the machine was overloaded (work on the CPU up to 90 times as slow as usual): "


class Told(Vitals):
    """Observes what a test says: times are seconds of the harness' own clock."""

    def __init__(self):
        self.stretches = []
        self.running = False

    def start(self):
        self.running = True

    def stop(self):
        self.running = False

    def take(self):
        taken, self.stretches = self.stretches, []
        return taken


@pytest.fixture
def vitals():
    return Told()


@pytest.fixture
def around(around, vitals):
    return dataclasses.replace(around, vitals=lambda cluster, nodes: vitals)


@pytest.fixture
def run(around, tmp_path):
    def running(*, first=FIRST, text=SCENARIO):
        path = tmp_path / "example.yaml"
        path.write_text(text.format(more="", first=first))
        return runner.run(load_checked(path)[0], around, catalogue())

    return running


@pytest.fixture
def slow(vitals, clock):
    """Report a busy machine from now on, for so many seconds."""

    def busy(seconds, what="cpu", worst=90.0):
        began = clock.now()
        stretch = Stretch(what, began - CLOCK_OFFSET, began + seconds - CLOCK_OFFSET, worst)
        clock.after(seconds, lambda: vitals.stretches.append(stretch))

    return busy


def when_applied(cluster, do):
    cluster.hooks["create", "PodChaos"] = lambda: (cluster.hooks.pop(("create", "PodChaos")), do())


def test_a_phase_that_is_not_reached_on_a_busy_machine_is_no_failure(run, cluster, slow, vitals):
    cluster.injects = False
    when_applied(cluster, lambda: slow(4))
    result = run()
    assert result.verdict is Verdict.ERROR
    assert result.reason.startswith(HOW + "PodChaos fail was not running within 5 s: it is injecting")
    assert any("cannot start the container" in line for line in result.details)
    assert all(step.problem is None for step in result.steps)
    assert result.leftovers == []
    assert not vitals.running


def test_a_chaos_without_effect_on_a_busy_machine_is_no_failure(run, cluster, slow):
    cluster.affects = False
    when_applied(cluster, lambda: slow(4))
    result = run()
    assert (result.verdict, result.reason[: len(HOW)]) == (Verdict.ERROR, HOW)
    assert "the chaos had no effect" in result.reason


def test_both_are_failures_when_the_machine_was_busy_for_a_moment(run, cluster, slow):
    cluster.injects = False
    when_applied(cluster, lambda: slow(1.5))
    assert run().verdict is Verdict.FAIL


def test_a_refusal_is_a_failure_however_busy_the_machine_was(run, cluster, slow, clock):
    def refuse():
        slow(3)
        clock.advance(4)
        raise from_answer("create", 403, "it is Friday")

    cluster.hooks["create", "PodChaos"] = refuse
    result = run()
    assert result.verdict is Verdict.FAIL
    assert "was refused" in result.steps[1].problem.reason


def test_a_wrong_value_on_a_busy_machine_is_inconclusive_and_replays(run, cluster, slow):
    cluster.miscounted = 1
    when_applied(cluster, lambda: slow(8))
    result = run()
    assert result.verdict is Verdict.ERROR
    assert result.steps[1].findings[0].reason.startswith(HOW + "never within 10 scrapes")
    notes = [entry for entry in RecordingReader(result.recording).entries() if entry.type == "note"]
    assert "the CPU was 90 times as slow as it is" in [note.text for note in notes]
    assert_replays(result)


def test_a_wrong_value_is_a_failure_when_only_an_earlier_step_was_slow(run, cluster, slow, clock):
    slow(2.5)
    cluster.miscounted = 1
    when_applied(cluster, lambda: clock.advance(3))
    result = run(first="  - wait: 4\n")
    assert result.steps[1].findings[0].verdict is Verdict.FAIL
    assert_replays(result)


def test_what_is_forced_away_on_a_busy_machine_is_no_fault_of_the_product(run, cluster, slow):
    cluster.stuck.add(("PodChaos", "fail"))
    cluster.hooks["list", "Workflow"] = lambda: (cluster.hooks.pop(("list", "Workflow")), slow(8))
    text = SCENARIO[: SCENARIO.index("  - delete: fail")]
    result = run(text=text)
    assert result.verdict is Verdict.PASS
    (left,) = result.leftovers
    assert left.infrastructure
    assert left.what_was_done.endswith("; " + HOW.removesuffix(": "))


def test_what_is_forced_away_otherwise_is(run, cluster):
    cluster.stuck.add(("PodChaos", "fail"))
    (left,) = run(text=SCENARIO[: SCENARIO.index("  - delete: fail")]).leftovers
    assert not left.infrastructure


def lasting(cluster, clock, seconds):
    """Let the experiment end by itself so long after its creation, as Chaos Mesh does."""

    def end():
        (body,) = [body for (kind, _, _), body in cluster.objects.items() if kind == "PodChaos"]
        body["status"] = {
            "conditions": [
                {"type": "Selected", "status": "True"},
                {"type": "AllInjected", "status": "False"},
            ],
            "experiment": {
                "desiredPhase": "Stop",
                "containerRecords": [{"id": "pod", "phase": "Not Injected", "events": []}],
            },
        }

    when_applied(cluster, lambda: clock.after(seconds, end))
    return SCENARIO.replace("mode: one,", f"mode: one, duration: {seconds}s,")


def test_what_held_until_the_chaos_ended_has_passed_though_another_one_is_wrong(run, cluster, clock):
    text = lasting(cluster, clock, 9).replace("increases_by: 1", "increases_by: 4")
    result = run(text=text)
    running, exactly, wrong = result.steps[1].findings
    assert (running.verdict, exactly.verdict) == (Verdict.PASS, Verdict.PASS)
    assert wrong.verdict is not Verdict.PASS
    assert "PodChaos fail ended by its own duration" in wrong.reason
    assert_replays(result)


def test_what_changes_before_the_chaos_ends_is_one(run, cluster, clock):
    text = lasting(cluster, clock, 40).replace("increases_by: 1", "increases_by: 4")
    when_applied(cluster, lambda: clock.after(6, lambda: setattr(cluster, "miscounted", 1)))
    running, exactly, wrong = run(text=text).steps[1].findings
    assert (running.verdict, exactly.verdict, wrong.verdict) == (Verdict.FAIL,) * 3


def test_what_is_not_scraped_on_a_busy_machine_says_how(run, prometheus, slow):
    prometheus.target("controller-manager", "10.0.1.2:10080", 0.2, lambda: None)
    slow(8)
    result = run(first="")
    assert result.verdict is Verdict.ERROR
    assert result.reason.startswith(
        HOW.removesuffix("): ") + ", 15 of 29 scrapes missing): not scraped 1 times"
    )
