"""Which gauges are watched after their step, which steps spare them; a flicker fails a whole scenario."""

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.judge.replay import replay
from harness.lint.check import load_checked
from harness.recording.model import SPARES
from harness.recording.reader import RecordingReader
from harness.runner import runner
from harness.runner.watched import spares, watched_metric
from harness.scenario.load import load
from tests.fakes.cluster import FakeCluster

HEAD = "scenario: made-up\nabout: A made-up one.\nworkload: {name: mini-node-exporter, replicas: 2}\n"
SELECTED = 'mode: one, selector: "${workload.selector}"'
CHAOS = {
    "burn": f"kind: StressChaos, spec: {{{SELECTED}, stressors: {{cpu: {{workers: 1}}}}}}",
    "short": f'kind: TimeChaos, spec: {{{SELECTED}, timeOffset: "-1h", duration: 6s}}',
    "cut": f"kind: NetworkChaos, spec: {{{SELECTED}, action: partition}}",
    "kill": f"kind: PodChaos, spec: {{{SELECTED}, action: pod-kill}}",
    "rest": "kind: Workflow, spec: {entry: a, templates: [{name: a, templateType: Suspend, deadline: 1s}]}",
}
EXPERIMENTS = "chaos_controller_manager_chaos_experiments"
QDISCS = "chaos_daemon_tcs_rules"


@pytest.fixture
def scenario(tmp_path):
    def make(*steps):
        path = tmp_path / "made-up.yaml"
        chaos = "".join(f"  {name}: {{{text}}}\n" for name, text in CHAOS.items())
        path.write_text(f"{HEAD}chaos:\n{chaos}steps:\n" + "".join(f"  - {step}\n" for step in steps))
        return load(path)[0].scenario

    return make


def is_spared(made, metric, index=-1):
    found = catalogue().find(metric)
    assert found is not None
    index = len(made.steps) - 1 if index < 0 else index
    return spares(made, index, {"0.0": found}) == ["0.0"]


RUNNING = "{apply: burn, until: running}"


@pytest.mark.parametrize(
    ("step", "experiments", "qdiscs"),
    [
        ("{wait: 3}", True, True),
        ("{traffic: {source: one, target: two, requests: 2}}", True, True),
        ("{http: {to: chaos-dashboard, path: /api/experiments}}", True, True),
        ("{http: {to: chaos-dashboard, method: DELETE, path: /api/experiments/1}}", False, False),
        ("{http: {to: chaos-dashboard, method: PUT, path: /api/experiments/pause/1}}", False, False),
        ("{http: {to: controller-manager, path: /metrics}}", False, False),
        ("{apply: short, until: running}", False, True),
        ("{apply: cut, until: running}", False, False),
        ("{apply: kill, until: finished}", False, False),
        ("{delete: burn}", False, True),
        ("{restart: chaos-daemon}", False, False),
        ("{exec: {in: one, command: [ls]}}", False, False),
    ],
)
def test_a_step_spares_what_it_has_nothing_to_do_with(scenario, step, experiments, qdiscs):
    made = scenario(RUNNING, step)
    assert (is_spared(made, EXPERIMENTS), is_spared(made, QDISCS)) == (experiments, qdiscs)


@pytest.mark.parametrize(
    ("first", "spared"),
    [
        ("{apply: burn, until: running}", True),
        ("{apply: burn}", False),
        ("{apply: short, until: running}", False),
        ("{apply: rest, until: running}", False),
    ],
)
def test_what_is_on_its_way_spares_nothing_that_it_touches(scenario, first, spared):
    made = scenario(first, "{wait: 3}")
    assert is_spared(made, EXPERIMENTS) == spared
    assert is_spared(made, QDISCS)


def test_a_duration_that_is_over_is_on_its_way_no_more(scenario):
    over = scenario("{apply: short, until: running}", "{wait_for: short, until: finished}", "{wait: 3}")
    assert is_spared(over, EXPERIMENTS)
    assert not is_spared(over, EXPERIMENTS, 1)


@pytest.mark.parametrize(
    ("expectation", "watched"),
    [
        (f'{{metric: {EXPERIMENTS}, where: {{namespace: "${{namespace}}"}}, present: true}}', True),
        (f'{{metric: {QDISCS}, where: {{namespace: "${{namespace}}"}}, unchanged: true}}', True),
        ("{metric: chaos_daemon_iptables_packets, present: true}", False),
        ("{metric: workqueue_depth, at_least: 0}", False),
        ("{metric: chaos_controller_manager_emitted_event_total, present: true}", False),
        ("{metric: grpc_server_handled_total, increases_by: 1}", False),
        (f"{{promql: 'sum({EXPERIMENTS})', present: true}}", False),
    ],
)
def test_gauges_that_stay_as_they_are_are_watched(scenario, expectation, watched):
    made = scenario(f"{{apply: burn, until: running, expect: [{expectation}]}}")
    found = watched_metric(made, 0, made.steps[0].expect[0], catalogue())
    assert (found is not None) == watched


def test_what_chaos_with_a_duration_touches_is_not_watched(scenario):
    expectation = f"{{metric: {EXPERIMENTS}, present: true}}"
    made = scenario(f"{{apply: short, until: running, expect: [{expectation}]}}")
    assert watched_metric(made, 0, made.steps[0].expect[0], catalogue()) is None


def test_what_the_dashboard_was_asked_to_make_changes_by_itself(scenario):
    made = scenario("{http: {to: chaos-dashboard, method: POST, path: /api/experiments}}", "{wait: 3}")
    assert not is_spared(made, EXPERIMENTS)


# A whole scenario

FLICKERS = """\
scenario: example
about: A pod that is stopped.
workload: mini-node-exporter
chaos:
  fail:
    kind: PodChaos
    spec: {action: pod-failure, mode: one, selector: "${workload.selector}"}
steps:
  - apply: fail
    until: running
    bound: 5
    proof: {oracle: images, in: "${fail.targets}", image: pause, at_least: 1, because: it was stopped}
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}", kind: PodChaos, phase: running}
        equals: 1
  - wait: 8
  - delete: fail
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}"}
        absent: true
"""


class Flickering(FakeCluster):
    """Its controller-manager exposes no experiments in one scrape, the n-th that could show one."""

    missing = 0
    shown = 0

    def exposes(self):
        found = super().exposes()
        if any(name == EXPERIMENTS for name, _, _ in found):
            self.shown += 1
            if self.shown == self.missing:
                return [each for each in found if each[0] != EXPERIMENTS]
        return found


@pytest.fixture
def cluster(clock):
    return Flickering(clock)


@pytest.mark.parametrize("missing", [0, 4, 7])
def test_a_flicker_fails_its_expectation_though_the_next_step_expects_nothing(
    around, cluster, tmp_path, missing
):
    cluster.missing = missing
    path = tmp_path / "example.yaml"
    path.write_text(FLICKERS)
    result = runner.run(load_checked(path)[0], around, catalogue())
    finding = result.steps[0].findings[0]
    assert result.recording is not None
    reader = RecordingReader(result.recording)
    assert replay(reader.entries(), reader.manifest) == result.findings()
    entries = list(reader.entries())
    (spared,) = (
        entry.detail[SPARES]
        for entry in entries
        if entry.type == "mark" and entry.detail.get("action") == "wait"
    )
    assert spared == ["0.0"]
    if not missing:
        assert result.verdict is Verdict.PASS
        return
    assert result.verdict is Verdict.FAIL
    assert finding.reason.startswith("flickered: right in ")
    assert finding.reason.endswith(": no series")
