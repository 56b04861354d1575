"""A scenario without its chaos: what needs it does not hold, what is vacuous fails the run."""

import pytest

from harness.base.errors import InfrastructureError
from harness.chaosmesh.catalogue import catalogue
from harness.judge.control import ControlOutcome
from harness.judge.finding import Verdict
from harness.judge.replay import replay
from harness.lint.check import load_checked
from harness.recording.reader import RecordingReader
from harness.report.text import scenario_text
from harness.runner import runner
from harness.runner.control import ControlStrategy
from tests.runner.test_runner import FIRST
from tests.runner.test_runner import SCENARIO as NARROW

SCENARIO = NARROW.replace(", kind: PodChaos, phase: running", "")

VACUOUS = """\
      - metric: chaos_controller_manager_emitted_event_total
        where: {namespace: "${namespace}", reason: Failed}
        absent: true
"""


@pytest.fixture
def run(around, tmp_path):
    def running(more=""):
        path = tmp_path / "example.yaml"
        path.write_text(SCENARIO.format(more="", first=FIRST) + more)
        return runner.run(load_checked(path)[0], around, catalogue(), ControlStrategy)

    return running


def outcomes(result):
    return {each.id: each.outcome for each in result.control}


def test_nothing_is_applied_and_every_claim_is_judged(run, cluster):
    result = run()
    assert result.verdict is Verdict.PASS, scenario_text(result)
    assert ("create", "PodChaos", "fail") not in cluster.requests
    assert outcomes(result) == {
        "0.0": ControlOutcome.EXCUSED,
        "1.proof.0": ControlOutcome.NEEDS_CHAOS,
        "1.0": ControlOutcome.NEEDS_CHAOS,
        "1.1": ControlOutcome.EXCUSED,
        "1.2": ControlOutcome.NEEDS_CHAOS,
        "2.0": ControlOutcome.EXCUSED,
    }


def test_what_holds_without_the_chaos_fails_the_run_and_says_so(run):
    result = run(VACUOUS)
    assert result.verdict is Verdict.FAIL
    text = scenario_text(result)
    assert (
        "  step 3: delete fail\n    vacuous: chaos_controller_manager_emitted_event_total absent: True"
        in text
    )
    assert "it holds although no chaos was applied, and no rule exempts it" in text
    assert "promql:     chaos_controller_manager_emitted_event_total{" in text
    assert "next step:  make it stronger" in text


def test_what_could_not_be_told_is_no_pass(run, cluster):
    def gone():
        raise InfrastructureError("no answer")

    cluster.hooks["get", "Pod"] = gone
    result = run()
    assert outcomes(result)["1.proof.0"] is ControlOutcome.UNDECIDED
    assert result.verdict is Verdict.ERROR


def test_no_failure_of_the_product_is_told_and_the_recording_replays(run):
    result = run()
    assert result.findings() == []
    reader = RecordingReader(result.recording)
    assert reader.manifest.control
    found = {each.id: each.verdict for each in replay(reader.entries(), reader.manifest)}
    assert found["1.0"] is Verdict.FAIL
    assert found["2.0"] is Verdict.PASS


def test_traffic_that_chaos_would_stop_is_sent_and_answered(around, tmp_path, cluster, monkeypatch):
    sent = []

    def traffic(_cluster, _workload, wanted, _scope):
        sent.append(wanted.requests)
        return {"sent": wanted.requests, "answered": wanted.requests}

    monkeypatch.setattr("harness.runner.actions.traffic", traffic)
    text = SCENARIO.format(more="", first=FIRST).replace(
        "  - delete: fail\n",
        "  - traffic:\n"
        "      {source: mini-node-exporter-0, target: mini-node-exporter-0, requests: 3, answered: 0}\n"
        "  - delete: fail\n",
    )
    path = tmp_path / "example.yaml"
    path.write_text(text)
    result = runner.run(load_checked(path)[0], around, catalogue(), ControlStrategy)
    assert sent == [3]
    assert outcomes(result)["2.answered"] is ControlOutcome.NEEDS_CHAOS
