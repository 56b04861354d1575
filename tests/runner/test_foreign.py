"""What others do with Chaos Mesh while a scenario looks at what all share."""

from dataclasses import replace

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.lint.check import load_checked
from harness.oracles.base import oracles
from harness.recording.foreign import ForeignUse, note, uses_of
from harness.recording.model import Note
from harness.runner import runner
from harness.runner.conflicts import Shared
from harness.runner.foreign import Foreign, operations
from harness.runner.needs import SharedUse
from tests.runner.test_overload import when_applied
from tests.runner.test_runner import FIRST, SCENARIO, assert_replays

SHARED = SCENARIO.replace(
    'where: {{namespace: "${{namespace}}", kind: PodChaos, phase: running}}\n        equals: 1',
    "where: {{kind: PodChaos, phase: running}}\n        equals: 1",
)


@pytest.fixture
def run(around, tmp_path):
    def running(*, first=FIRST, text=SHARED, shared=None):
        path = tmp_path / "example.yaml"
        path.write_text(text.format(more="", first=first))
        return runner.run(load_checked(path)[0], replace(around, shared=shared), catalogue())

    return running


def strange(cluster, kind="PodChaos", namespace="team"):
    """Let somebody apply chaos of their own, which counts with the scenario's."""
    cluster.miscounted = 1
    cluster.stranger(kind, "burn", namespace)


def test_what_others_did_makes_what_all_share_inconclusive(run, cluster):
    when_applied(cluster, lambda: strange(cluster))
    result = run()
    shared, own, _ = result.steps[1].findings
    assert result.verdict is Verdict.FAIL, "what is the scenario's own is as wrong as it was"
    assert own.verdict is Verdict.FAIL
    assert (shared.verdict, shared.layer) == (Verdict.ERROR, "infrastructure")
    assert shared.reason.startswith(
        "inconclusive: others used Chaos Mesh meanwhile: PodChaos team/burn (seen "
    )
    assert shared.reason.endswith("Z): never within 10 scrapes and 5 more; at the last: the value is 2")
    assert_replays(result)


def test_without_others_it_is_a_failure(run, cluster):
    cluster.miscounted = 1
    assert run().steps[1].findings[0].verdict is Verdict.FAIL


def test_what_passed_has_passed(run, cluster):
    when_applied(cluster, lambda: cluster.stranger("PodChaos", "burn"))
    result = run()
    assert result.verdict is Verdict.PASS
    assert_replays(result)


def test_on_a_cluster_of_others_what_passed_may_be_of_their_making(run, cluster):
    when_applied(cluster, lambda: cluster.stranger("PodChaos", "burn"))
    result = run(shared=SharedUse(exclusive=True))
    shared, own, _ = result.steps[1].findings
    assert (shared.verdict, shared.layer) == (Verdict.ERROR, "infrastructure")
    assert shared.reason.startswith(
        "inconclusive: others used Chaos Mesh meanwhile: PodChaos team/burn (seen "
    )
    assert shared.reason.endswith(": what was to be seen was seen, and may be of their making")
    assert own.verdict is Verdict.PASS, "it is labelled with the scenario's own namespace"
    assert result.verdict is Verdict.ERROR
    assert_replays(result)


def test_on_a_cluster_of_others_that_leave_it_alone_it_passes(run):
    result = run(shared=SharedUse(exclusive=True))
    assert result.verdict is Verdict.PASS
    assert_replays(result)


def test_what_was_over_before_the_step_excuses_nothing(run, cluster):
    def early():
        del cluster.hooks["create", "StatefulSet"]
        cluster.stranger("PodChaos", "burn")

    cluster.hooks["create", "StatefulSet"] = early
    when_applied(cluster, lambda: setattr(cluster, "miscounted", 1))
    result = run(first=FIRST.replace("wait: 1", "wait: 4"))
    assert result.steps[1].findings[0].verdict is Verdict.FAIL


def test_other_scenarios_of_the_run_are_no_strangers(run, cluster):
    def beside():
        cluster.put("Namespace", "beside")["metadata"]["labels"] = {"chaos-harness/run": "run1"}
        strange(cluster, namespace="beside")

    when_applied(cluster, beside)
    assert run().steps[1].findings[0].verdict is Verdict.FAIL


def test_what_does_not_touch_the_metric_excuses_nothing(run, cluster):
    when_applied(cluster, lambda: strange(cluster, kind="StatusCheck"))
    assert run().steps[1].findings[0].verdict is Verdict.FAIL


def test_nobody_is_watched_where_all_is_the_scenarios_own(run, cluster, monkeypatch):
    monkeypatch.setattr(Foreign, "start", lambda self: pytest.fail("nothing is shared"))
    assert run(text=SCENARIO).verdict is Verdict.PASS


USE = ForeignUse("StressChaos", "team", "burn", 1795990000.0, 1795990009.0)


def test_a_note_gives_the_uses_back_to_those_that_they_concern():
    entry = note([USE], ["1.0", "1.2"], 5.0)
    assert uses_of(entry, "1.2") == [USE]
    assert uses_of(entry, "1.1") == []
    assert uses_of(Note(time=1.0, text="x", detail={"expectations": ["1.1"], "foreign": [{}]}), "1.1") == []
    assert entry.text == "others used Chaos Mesh: team/burn"


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("StressChaos", "ExecStressors"),
        ("PodChaos", "ContainerKill"),
        ("PodNetworkChaos", "SetTcs"),
        ("PodIOChaos", "ApplyIOChaos"),
    ],
)
def test_what_an_object_does_to_the_daemon_is_known_by_its_kind(kind, method):
    does = operations(ForeignUse(kind, "team", "x", 0.0, 0.0))
    assert "every-chaos" in does
    assert Shared("calls", frozenset(), method=method).changed_by(does)
    assert not Shared("calls", frozenset(), method="SetDNSServer").changed_by(does)


def in_force(cluster, kind="PodChaos", namespace="team", phase="Injected"):
    """Let somebody's chaos be there from before the scenario; no event tells of it."""
    cluster.miscounted = 1
    cluster.put("Namespace", namespace)
    body = cluster.put(
        kind, "old", namespace, status={"experiment": {"containerRecords": [{"phase": phase}]}}
    )
    body["metadata"]["creationTimestamp"] = "2026-01-02T03:04:05Z"


def test_chaos_that_was_in_force_before_explains_what_failed(run, cluster):
    in_force(cluster)
    result = run(shared=SharedUse(exclusive=True))
    shared, own, _ = result.steps[1].findings
    assert (shared.verdict, shared.layer) == (Verdict.ERROR, "infrastructure")
    assert "PodChaos team/old (seen since 2026-01-02T03:04:05Z)" in shared.reason
    assert own.verdict is Verdict.FAIL
    assert_replays(result)


def test_chaos_that_was_in_force_before_brings_no_pass_about(run, cluster):
    in_force(cluster)
    cluster.miscounted = 0
    assert run(shared=SharedUse(exclusive=True)).verdict is Verdict.PASS


def test_chaos_that_is_not_in_force_explains_nothing(run, cluster):
    in_force(cluster, phase="Not Injected")
    result = run(shared=SharedUse(exclusive=True))
    assert result.steps[1].findings[0].verdict is Verdict.FAIL


def test_on_a_cluster_of_ones_own_nothing_is_listed(run, cluster):
    in_force(cluster)
    assert run().steps[1].findings[0].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("touched_by", "verdict"), [(("PodChaos",), Verdict.ERROR), (("IOChaos",), Verdict.FAIL)]
)
def test_a_proof_that_others_may_spoil_proves_nothing(run, cluster, monkeypatch, touched_by, verdict):
    monkeypatch.setattr(oracles()["images"], "touched_by", touched_by)
    cluster.affects = False
    in_force(cluster)
    result = run(shared=SharedUse(exclusive=True))
    assert result.verdict is verdict
    reason = result.reason or result.steps[1].problem.reason
    assert "the chaos had no effect: images" in reason
    told = "inconclusive: others use Chaos Mesh: PodChaos team/old (seen since 2026-01-02T03:04:05Z): "
    assert (told in reason) is (verdict is Verdict.ERROR)
