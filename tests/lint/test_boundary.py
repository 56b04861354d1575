"""What reaches out of a scenario is told before a cluster is there, at its place in the file."""

import pytest

from harness.lint.check import check

HEAD = """\
scenario: example
about: Reaches out.
workload: mini-node-exporter
namespaces: [there]
chaos:
  kill:
    kind: PodChaos
    spec: {{action: pod-kill, mode: one, selector: {selector}}}
steps:
  - wait: 1
    expect: [{{metric: go_goroutines, where: {{job: chaos-daemon}}, present: true}}]
  - apply: kill
    until: injecting
"""


def told(tmp_path, selector='{namespaces: ["${namespace}"]}', steps="", allowed=()):
    path = tmp_path / "example.yaml"
    path.write_text(HEAD.format(selector=selector) + steps)
    return [(problem.line, problem.message) for problem in check(path, 1.0, allowed)[1]]


@pytest.mark.parametrize(
    "selector",
    [
        '{namespaces: ["${namespace}", "${namespaces.there}", "${workload.namespace}"]}',
        '"${workload.selector}"',
        "{labelSelectors: {app: x}}",
        '{namespaces: ["${workload.targets[0].namespace}"]}',
    ],
)
def test_what_is_the_scenarios_own_or_not_known_yet_is_fine(tmp_path, selector):
    assert told(tmp_path, selector) == []


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        ("{namespaces: [theirs]}", "theirs"),
        ('{namespaces: ["${chaos_mesh_namespace}"]}', "chaos-mesh"),
        ('{namespaces: ["${namespace}"], pods: {theirs: [a]}}', "theirs"),
        ("{namespaces: [own_namespace_x]}", "own_namespace_x"),
    ],
)
def test_another_namespace_is_told_at_its_place_and_can_be_allowed(tmp_path, selector, name):
    ((line, message),) = told(tmp_path, selector)
    assert line == 8
    assert message.startswith(f"the namespace '{name}' is not the scenario's own")
    assert f"--allow-namespace {name}" in message
    assert told(tmp_path, selector, allowed=[name]) == []


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            'http: {to: chaos-daemon, path: "/../../x"}',
            "the path may lead out of chaos-daemon: it has a segment",
        ),
        ('http: [{to: workload, path: "/${namespace}/%2e%2e/x"}]', "the path may lead out of workload"),
        ('http: {to: workload, path: "/x", headers: {Impersonate-User: a}}', "the header Impersonate-User"),
        ('http: {to: workload, path: "/x", headers: {X-A: "a\\r\\nHost: b"}}', "the header X-A is not sent"),
        (
            "http: {to: chaos-dashboard, path: /api/experiments, method: POST, body: {kind: PodChaos, "
            "metadata: {name: a, namespace: theirs}, spec: {}}}",
            "the namespace 'theirs' is not the scenario's own",
        ),
        (
            "http: {to: chaos-dashboard, path: /api/experiments/1-2-3, method: DELETE}",
            "'1-2-3' is the uid of no object of this scenario",
        ),
        (
            "exec: {in: {namespace: theirs, pod: a, container: b}, command: [id]}",
            "the container is in the namespace 'theirs'",
        ),
        (
            "node: {network_of: {namespace: theirs, pod: a, container: b}, command: [id]}",
            "the container is in the namespace 'theirs'",
        ),
        (
            "wait: 1\n    proof: {oracle: processes, in: [{namespace: theirs, pod: a, container: b}], "
            "named: x, equals: 0}",
            "the container is in the namespace 'theirs'",
        ),
        (
            "patch: {chaos: kill, spec: {selector: {namespaces: [theirs]}}}",
            "the namespace 'theirs' is not the scenario's own",
        ),
    ],
)
def test_what_a_step_reaches_is_told(tmp_path, step, message):
    found = told(tmp_path, steps=f"  - {step}\n")
    assert [line >= 14 and told_.startswith(message) for line, told_ in found] == [True]


@pytest.mark.parametrize(
    "step",
    [
        'http: {to: chaos-dashboard, path: "/api/experiments/${kill.uid}", method: DELETE}',
        'http: {to: chaos-dashboard, path: "/api/archives?uids=${kill.uid},${kill.uid}", method: DELETE}',
        "wait: 1\n    expect:\n      - metric: chaos_daemon_tcs_rules\n        series: "
        "[{namespace: theirs, pod: a, container: b, value: 0}]",
    ],
)
def test_what_only_a_run_can_tell_is_left_to_it(tmp_path, step):
    assert told(tmp_path, steps=f"  - {step}\n") == []
