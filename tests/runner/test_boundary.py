"""What a file's checks could not see is refused by the run itself, before anything is sent."""

import gzip
from dataclasses import replace

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.runner import runner
from harness.scenario.load import load

SCENARIO = """\
scenario: example
about: Reaches out.
workload: mini-node-exporter
chaos:
  kill:
    kind: PodChaos
    spec: {action: pod-failure, mode: all, selector: {namespaces: [theirs]}}
  own:
    kind: PodChaos
    spec: {action: pod-failure, mode: all, selector: {labelSelectors: {app: mini-node-exporter}}}
steps:
  - apply: own
    until: running
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}", kind: PodChaos, phase: running}
        equals: 1
"""


@pytest.fixture
def run(around, tmp_path):
    def running(step, *, text=SCENARIO, **changes):
        path = tmp_path / "example.yaml"
        path.write_text(text + step)
        # Not load_checked: these are the files that its checks take for good ones.
        return runner.run(load(path)[0], replace(around, **changes), catalogue())

    return running


STEPS = [
    ("  - apply: kill\n", "PodChaos kill would reach"),
    ("  - patch: {chaos: own, spec: {selector: {namespaces: [theirs]}}}\n", "the patch of PodChaos own"),
    ("  - patch: {chaos: own, spec: {selector: {namespaces: null}}}\n", "the patch of PodChaos own"),
    ("  - exec: {in: {namespace: theirs, pod: a, container: b}, command: [id]}\n", "the container a/b is in"),
    (
        "  - node: {network_of: {namespace: theirs, pod: a, container: b}, command: [id]}\n",
        "the container a/b is in",
    ),
    (
        "  - wait: 1\n    proof: {oracle: images, in: [{namespace: theirs, pod: a, container: b}], image: x, "
        "equals: 0}\n",
        "the container a/b that the oracle images looks into",
    ),
    (
        "  - http: {to: chaos-dashboard, path: /api/experiments/1-2-3, method: DELETE}\n",
        "DELETE /api/experiments/1-2-3 of chaos-dashboard",
    ),
    (
        "  - http: {to: chaos-dashboard, method: POST, path: /api/experiments, body: {kind: PodChaos, "
        "metadata: {name: a, namespace: theirs}, spec: {}}}\n",
        "POST /api/experiments of chaos-dashboard",
    ),
]


@pytest.mark.parametrize(("step", "reason"), STEPS, ids=[reason for _, reason in STEPS])
def test_a_step_that_reaches_out_is_an_error_with_its_place_and_does_nothing(run, cluster, step, reason):
    before = {key: value for key, value in cluster.objects.items() if key[1] == "theirs"}
    result = run(step)
    assert (result.verdict, result.reason.startswith(reason)) == (Verdict.ERROR, True)
    assert any(detail.endswith("example.yaml:18") for detail in result.details)
    assert "--allow-namespace" in "\n".join(result.details)
    assert {key: value for key, value in cluster.objects.items() if key[1] == "theirs"} == before
    assert not [key for key in cluster.objects if key[2] == "kill"]
    assert result.leftovers == []


def test_what_was_allowed_is_applied(run, cluster):
    result = run("  - apply: kill\n    until: injecting\n", allowed_namespaces=frozenset({"theirs"}))
    assert result.verdict is not Verdict.ERROR
    assert ("create", "PodChaos", "kill") in cluster.requests


def test_a_selector_that_says_no_namespace_is_noted(run):
    result = run("")
    (note,) = [line for line in _entries(result) if "was not given and is" in line]
    assert result.namespace in note
    assert result.verdict is Verdict.PASS


def _entries(result):
    with gzip.open(result.recording / "entries.jsonl.gz", "rt") as entries:
        return entries.read().splitlines()
