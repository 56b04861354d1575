"""What is wrong with expectations is said before anything runs, at its place in the file."""

import pytest

from harness.lint.expectation import check_expectations
from harness.scenario.load import load

HEAD = """\
scenario: example
about: For the checks.
chaos:
  burn: {kind: StressChaos, spec: {}}
steps:
  - apply: burn
"""


def problems(tmp_path, body):
    path = tmp_path / "example.yaml"
    path.write_text(HEAD + body)
    return check_expectations(load(path)[0])


def of(tmp_path, expectation):
    return problems(tmp_path, f"    expect:\n      - metric: m\n        {expectation}\n")


@pytest.mark.parametrize(
    "expectation",
    [
        "equals: 2",
        'equals: "${burn.count}"',
        "equals: {oracle: experiments, phase: running}",
        'equals: {oracle: experiments, phase: "${x.y}"}',
        'equals: {oracle: tc-qdiscs, in: "${burn.targets[0]}"}',
        "equals: {oracle: tc-qdiscs, in: {namespace: n, pod: p, container: c}}",
        "equals: {oracle: events, reason: BackOff, component: kubelet}",
        'equals: {oracle: events, reason: "${x.y}"}',
        "series: [{phase: running, value: {oracle: experiments}}]",
        "equals: 2\n        where: {a: {matches: 'b|c'}}",
        "equals: 2\n        known_issue: {id: x, shows: {equals: 0}}",
        "equals: 2\n        unlike: {sets: 3, lines: {oracle: experiments}, more: '${burn.count}'}",
    ],
)
def test_nothing_is_wrong(tmp_path, expectation):
    assert of(tmp_path, expectation) == []


@pytest.mark.parametrize(
    ("expectation", "message", "suggestion", "line"),
    [
        ("equels: 2", "unknown kind of expectation `equels`; there is: absent, at_least,", "equals", 9),
        ("equals: two", "`equals`: a number is wanted, not the text 'two'", None, 9),
        ("absent: false", "`absent`: `absent: false` is written `present: true`", None, 9),
        ("at_least: -.inf", "`at_least`: every number is at least -Inf; use `present: true`", None, 9),
        ("between: [3, 2]", "`between`: nothing is between 3 and 2: the smaller one comes first", None, 9),
        ("equals: .nan", "`equals`: nothing equals NaN", None, 9),
        ("equals: {oracle: experiment}", "there is no oracle `experiment`; there is:", "experiments", 9),
        (
            "equals: {oracle: experiments, fase: running}",
            "the oracle `experiments` has no parameter `fase`; it has: kind, phase",
            "phase",
            9,
        ),
        (
            "equals: {oracle: experiments, phase: runing}",
            "the oracle `experiments`, parameter `phase`: there is no `runing`; there is: injecting,",
            "running",
            9,
        ),
        (
            "equals: {oracle: experiments, kind: PodChoas}",
            "the oracle `experiments`, parameter `kind`: there is no `PodChoas`",
            "PodChaos",
            9,
        ),
        (
            "equals: {oracle: pods, phase: running}",
            "the oracle `pods`, parameter `phase`: there is no",
            "Running",
            9,
        ),
        ("equals: {oracle: events, type: warning}", "the oracle `events`, parameter `type`: ", "Warning", 9),
        (
            "equals: {oracle: events, reason: Aplied}",
            "the oracle `events`, parameter `reason`: there is no `Aplied`",
            "Applied",
            9,
        ),
        (
            "equals: {oracle: webhook-calls, webhook: /validate-chaos-mesh-org-v1alpha1-podchoas}",
            "the oracle `webhook-calls`, parameter `webhook`: there is no",
            "/validate-chaos-mesh-org-v1alpha1-podchaos",
            9,
        ),
        (
            "equals: {oracle: tc-qdiscs, in: mini-node-exporter-0}",
            "the oracle `tc-qdiscs`, parameter `in`: write ${NAME.targets} for all",
            None,
            9,
        ),
        ("equals: {oracle: experiments, phase: 5}", "the oracle `experiments`, parameter `phase`:", None, 9),
        (
            "equals: 2\n        unlike: {sets: 2}",
            "the twin has the same value, 2: this tells nothing",
            None,
            10,
        ),
        ("equals: 2\n        unlike: {sets: many}", "`unlike`: a number is wanted, not the text", None, 10),
        ("equals: 2\n        unlike: {sets: {oracle: nobody}}", "there is no oracle `nobody`", None, 10),
        (
            "equals: 2\n        unlike: {sets: {product: [{oracle: experiments}, 2]}}",
            "`unlike` takes a number or one oracle",
            None,
            10,
        ),
        ("series: [{value: {oracle: nothing}}]", "there is no oracle `nothing`", None, 9),
        ("equals: 2\n        where: {a: {matches: '(?=b)'}}", "'(?=': lookaround", None, 10),
        (
            "equals: 2\n        known_issue: {id: x, shows: {equals: 2}}",
            "the known issue shows what is right, so it can never be told from it",
            None,
            10,
        ),
        (
            "equals: 2\n        known_issue: {id: x, shows: {equls: 2}}",
            "unknown kind of expectation `equls`",
            "equals",
            10,
        ),
    ],
)
def test_what_is_wrong_where_and_what_was_meant(tmp_path, expectation, message, suggestion, line):
    (problem,) = of(tmp_path, expectation)
    assert problem.message.startswith(message)
    assert problem.suggestion == suggestion
    assert problem.line == line


@pytest.mark.parametrize(
    ("proof", "message"),
    [
        ("{oracle: experiments, at_least: 1}", None),
        ("[{oracle: experiments, phase: running, equals: 0}]", None),
        ('{oracle: processes, in: "${burn.targets}", named: stress-ng, at_least: 1}', None),
        (
            "{oracle: experiments}",
            "a proof takes exactly one of equals, at_least, at_most, between; found: none",
        ),
        ("{oracle: experiments, at_least: 0}", "`at_least: 0` holds without any effect"),
        ("{oracle: experiments, equals: {oracle: events}}", "a proof compares one oracle with a number"),
        ("{oracle: experimens, at_least: 1}", "there is no oracle `experimens`"),
        ("{oracle: processes, named: sleep, at_least: 1}", "the oracle `processes` needs the parameter `in`"),
        ("[{oracle: experiments, at_least: one}]", "`at_least`: a number is wanted, not the text 'one'"),
    ],
)
def test_proofs(tmp_path, proof, message):
    found = problems(tmp_path, f"    proof: {proof}\n")
    if message is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].message.startswith(message)
        assert found[0].line == 7
