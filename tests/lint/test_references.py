# ruff: noqa: E501  (messages are asserted whole)
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.lint.references import check_references
from harness.scenario.load import load
from harness.scenario.problem import Problem

TEXT = """\
scenario: a
about: b
workload: w
chaos:
  burn:
    kind: StressChaos
    spec: {selector: "${workload.selector}", x: "SPEC"}
  cut:
    kind: NetworkChaos
    spec: {x: "${burn.targets[0].pod}"}
steps:
  - wait: 1
    expect: [{metric: m, equals: 0, where: {x: "BEFORE"}}]
  - apply: burn
    until: running
    proof: {oracle: o, in: "${burn.targets}", at_least: 1}
    expect: [{metric: m, equals: 0, where: {x: "AFTER"}}]
  - apply: cut
"""

Check = Callable[..., list[str]]


@pytest.fixture
def check(scenario_file: Callable[[str], Path], shown: Callable[[list[Problem]], list[str]]) -> Check:
    def checked(text: str = TEXT, spec: str = "", before: str = "", after: str = "") -> list[str]:
        text = text.replace("SPEC", spec).replace("BEFORE", before).replace("AFTER", after)
        return shown(check_references(load(scenario_file(text))[0]))

    return checked


@pytest.mark.parametrize(
    "template",
    [
        "${namespace}",
        "${run}",
        "${chaos_mesh_namespace}",
        "${nodes}",
        "${nodes[0]}",
        "${workload.pods[0]}",
        "${workload.uids[0]}",
        "${workload.name}",
        "${burn.node}",
        "${burn.targets[0].pod}",
        "${burn.kind}",
        "${cut.name}",
        "$${anything}",
    ],
)
def test_what_there_is_can_be_used(template: str, check: Check) -> None:
    assert check(after=template) == []


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (
            "${burm.node}",
            "${burm.node}: there is no `burm`; there is: burn, chaos_mesh_namespace, cut, namespace,"
            " nodes, run, workload (did you mean `${burn.node}`?)",
        ),
        (
            "${burn.nodes}",
            "${burn.nodes}: `burn` has no `nodes`; it has: kind, name, namespace, node, targets, uid"
            " (did you mean `${burn.node}`?)",
        ),
        (
            "${workload.selectr}",
            "${workload.selectr}: `workload` has no `selectr`; it has: containers, image, name, namespace, pods,"
            " selector, targets, uids (did you mean `${workload.selector}`?)",
        ),
        ("${burn}", "${burn}: name a field of `burn`: kind, name, namespace, node, targets, uid"),
        ("${namespace.x}", "${namespace.x}: `namespace` has no fields (did you mean `${namespace}`?)"),
        (
            "${cut.targets}",
            "${cut.targets}: only known once `cut` is applied, which is not done in an earlier step"
            " or this one",
        ),
        (
            "${a b}",
            "${a b}: is no reference such as burn.targets[0].pod; write `$${` for the characters themselves",
        ),
    ],
)
def test_what_there_is_not_is_named(template: str, expected: str, check: Check) -> None:
    assert check(after=template) == [f"s.yaml:17:45: {expected}"]


def test_targets_are_known_from_the_step_that_applies(check: Check) -> None:
    assert check(before="${burn.node}") == [
        "s.yaml:13:45: ${burn.node}: only known once `burn` is applied, which is not done in an earlier step or"
        " this one"
    ]


def test_a_spec_cannot_use_its_own_targets(check: Check) -> None:
    assert check(spec="${burn.targets}") == [
        "s.yaml:7:46: ${burn.targets}: only known once `burn` is applied, which is not done before this one is applied"
    ]


def test_a_workload_s_fields_need_a_workload(check: Check) -> None:
    assert check(TEXT.replace("workload: w", "tags: []")) == [
        "s.yaml:7:12: ${workload.selector}: this scenario has no workload; add `workload: mini-node-exporter`"
    ]


def test_a_chaos_cannot_take_a_name_that_templates_use(check: Check) -> None:
    text = "scenario: a\nabout: b\nchaos:\n  run: {kind: K, spec: {}}\nsteps: [{apply: run}]\n"

    assert check(text) == ["s.yaml:4:3: `run` cannot name a chaos: templates use it for something else"]


def test_keys_hold_no_templates(check: Check) -> None:
    text = 'scenario: a\nabout: b\nchaos:\n  c: {kind: K, spec: {"${run}": 1}}\nsteps: [{apply: c}]\n'

    assert check(text) == ["s.yaml:4:23: the key `${run}` holds a template; only values can"]


@pytest.mark.parametrize("until", ["", "    until: injecting\n"])
@pytest.mark.parametrize("template", ["${burn.targets}", "${burn.node}", "${burn.targets[0].pod}"])
def test_targets_are_looked_up_at_the_end_of_until(until: str, template: str, check: Check) -> None:
    text = TEXT.replace("    until: running\n", until).replace("${burn.targets[0].pod}", "")
    text = text.replace("${burn.targets}", "${workload.targets}")
    line = 16 + len(until.splitlines())
    assert check(text, after="${burn.uid}") == []
    assert check(text, after=template) == [
        f"s.yaml:{line}:45: {template}: only known once `burn` has hit something: write `until: running` where it"
        " is applied"
    ]


def test_what_hits_once_is_waited_for_to_be_finished(check: Check) -> None:
    text = TEXT.replace("    until: running\n", "").replace("StressChaos", "PodChaos")
    (problem,) = check(text.replace("${burn.targets[0].pod}", "").replace('x: "SPEC"', "action: pod-kill"))
    assert "write `until: finished` where it is applied" in problem


@pytest.mark.parametrize("step", ["- wait_for: burn\n    until: running", "- pause: burn\n  - resume: burn"])
def test_only_a_step_that_brings_the_effect_looks_them_up(step: str, check: Check) -> None:
    text = f"""\
scenario: a
about: b
chaos: {{burn: {{kind: StressChaos, spec: {{}}}}}}
steps:
  - apply: burn
  {step}
    proof: {{oracle: o, in: "${{burn.targets}}", at_least: 1}}
"""
    found = check(text)
    assert found == [] if "resume" in step else "only known once `burn` has hit something" in found[0]


@pytest.mark.parametrize("kind", ["Schedule", "Workflow", "StatusCheck"])
def test_what_makes_experiments_selects_nothing_itself(kind: str, check: Check) -> None:
    (first, second) = check(TEXT.replace("StressChaos", kind))
    assert (
        f"${{burn.targets[0].pod}}: a {kind} selects nothing itself; the workload's containers are" in first
    )
    assert second.startswith("s.yaml:16:24: ${burn.targets}: a ")
