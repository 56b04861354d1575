# ruff: noqa: E501  (messages are asserted whole)
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.actions.traffic import TrafficAction
from harness.base import bundled
from harness.lint.steps import check_order, check_proofs
from harness.scenario.discover import discover
from harness.scenario.load import ScenarioFile, load
from harness.scenario.problem import Problem

HEAD = """\
scenario: a
about: b
workload: w
chaos:
  burn: {kind: StressChaos, spec: {}}
  plan: {kind: Schedule, spec: {}}
  flow: {kind: Workflow, spec: {}}
steps:
"""
FIRST_STEP_LINE = HEAD.count("\n") + 1
DENY = "- {deny: {component: chaos-daemon, verbs: [get], resources: [podchaos]}}\n"

Check = Callable[[str], list[str]]


def check_steps(file: ScenarioFile) -> list[Problem]:
    return [*check_order(file), *check_proofs(file)]


@pytest.fixture
def check(scenario_file: Callable[[str], Path], shown: Callable[[list[Problem]], list[str]]) -> Check:
    """Check steps, one a line; an expectation is added, and chaos that is not applied is left out."""

    def checked(steps: str) -> list[str]:
        lines = [line for line in HEAD.splitlines(keepends=True)
                 if not line.startswith("  ") or f"apply: {line.split(':')[0].strip()}" in steps]  # fmt: skip
        text = "".join(lines) + steps.replace("PROOF", "proof: {oracle: o, at_least: 1}")
        text += "- {wait: 1, expect: [{metric: m, equals: 1}]}\n"
        missing = FIRST_STEP_LINE - len(lines) - 1
        problems = [
            Problem(p.path, p.line + missing - FIRST_STEP_LINE + 1, p.column, p.message, p.suggestion)
            for p in check_steps(load(scenario_file(text))[0])
        ]
        return shown(problems)

    return checked


@pytest.mark.parametrize(
    "steps",
    [
        "- {apply: burn, until: running, PROOF}\n- {pause: burn}\n- {resume: burn}\n- {delete: burn}\n",
        "- {apply: burn, PROOF}\n- {delete: burn}\n- {apply: burn, PROOF}\n",
        "- {apply: burn, until: injecting}\n- {delete: burn, until: deleting}\n- {wait_for: burn, until: gone}\n"
        "- {apply: burn, until: injecting}\n",
        "- {apply: burn, until: injecting}\n- {delete: burn, until: deleting}\n- {unstick: burn}\n"
        "- {apply: burn, until: injecting}\n",
        "- {apply: burn, PROOF}\n- {pause: burn}\n- {wait_for: burn, until: paused}\n",
        "- {apply: burn}\n- {wait: 1, PROOF}\n- {delete: burn}\n",
        "- {apply: burn}\n- {wait_for: burn, until: finished, PROOF}\n",
        "- {apply: burn}\n- {traffic: {source: a, target: b, requests: 3, answered: 0}}\n",
        "- {apply: plan, until: spawned, PROOF}\n- {delete: plan}\n",
        f"{DENY}- {{apply: burn, PROOF}}\n- {{allow: chaos-daemon}}\n",
        f"{DENY}- {{allow: chaos-daemon}}\n{DENY}{DENY}- {{allow: chaos-daemon}}\n- {{apply: burn, PROOF}}\n",
        "- {apply: flow, until: accomplished, PROOF}\n- {delete: flow, until: gone}\n",
        "- {apply: plan, PROOF}\n- {pause: plan}\n- {resume: plan}\n",
        "- {apply: flow, PROOF}\n- {patch: {chaos: flow, annotations: {a: b}}, until: accomplished}\n",
        "- {apply: burn, PROOF}\n- {delete: burn, until: deleting}\n"
        "- {patch: {chaos: burn, annotations: {a: null}}, until: gone}\n",
        "- {apply: burn, refused: bad}\n- {apply: burn, PROOF}\n- {delete: burn, refused: bad}\n- {delete: burn}\n",
    ],
)
def test_steps_that_can_be_performed(steps: str, check: Check) -> None:
    assert check(steps) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("- {delete: burn}\n- {apply: burn, PROOF}\n", ["1:4: `burn` is not applied yet"]),
        (
            "- {allow: chaos-daemon}\n- {apply: burn, PROOF}\n",
            ["1:4: nothing is denied to `chaos-daemon` before; `deny` comes first"],
        ),
        (
            f"{DENY}- {{allow: chaos-dashboard}}\n- {{apply: burn, PROOF}}\n",
            ["2:4: nothing is denied to `chaos-dashboard` before; `deny` comes first"],
        ),
        (
            f"{DENY}- {{allow: chaos-daemon}}\n- {{allow: chaos-daemon}}\n- {{apply: burn, PROOF}}\n",
            ["3:4: nothing is denied to `chaos-daemon` before; `deny` comes first"],
        ),
        ("- {wait_for: burn, until: running}\n- {apply: burn, PROOF}\n", ["1:4: `burn` is not applied yet"]),
        (
            "- {apply: burn, PROOF}\n- {apply: burn, PROOF}\n",
            ["2:4: `burn` is applied already; delete it first"],
        ),
        ("- {apply: burn, PROOF}\n- {resume: burn}\n", ["2:4: `burn` is not paused"]),
        (
            "- {apply: burn, PROOF}\n- {unstick: burn}\n",
            ["2:4: `burn` is not stuck: delete it first, with `until: deleting`"],
        ),
        (
            "- {apply: burn, PROOF}\n- {delete: burn, until: deleting}\n- {unstick: burn, until: deleting}\n",
            ["3:19: `unstick` never leads to the phase `deleting`, but to: gone"],
        ),
        (
            "- {patch: {chaos: burn, spec: {a: 1}}}\n- {apply: burn, PROOF}\n",
            ["1:4: `burn` is not applied yet"],
        ),
        (
            "- {apply: burn, PROOF}\n- {delete: burn}\n- {patch: {chaos: burn, spec: {a: 1}}}\n",
            ["3:4: `burn` is deleted already"],
        ),
        ("- {apply: burn, refused: bad}\n- {delete: burn}\n", ["2:4: `burn` is not applied yet"]),
        ("- {apply: burn, PROOF}\n- {pause: burn}\n- {pause: burn}\n", ["3:4: `burn` is paused already"]),
        ("- {apply: burn, PROOF}\n- {delete: burn}\n- {delete: burn}\n", ["3:4: `burn` is deleted already"]),
        (
            "- {apply: burn, PROOF}\n- {delete: burn}\n- {wait_for: burn, until: running}\n",
            ["3:4: `burn` is deleted already"],
        ),
        (
            "- {apply: burn, PROOF}\n- {wait_for: burn, until: gone}\n",
            ["2:4: `burn` is not deleted before, so it is never gone"],
        ),
        (
            "- {apply: burn, PROOF}\n- {delete: burn, until: deleting}\n- {apply: burn, PROOF}\n",
            ["3:4: `burn` may still be there; wait for it to be gone first"],
        ),
        (
            "- {apply: burn, PROOF}\n- {delete: burn, until: deleting}\n- {pause: burn}\n",
            ["3:4: `burn` is deleted already"],
        ),
        (
            "- {apply: burn, PROOF}\n- {wait_for: burn, until: paused}\n",
            ["2:4: `burn` is not paused before, and no phase `paused` comes by itself"],
        ),
        (
            "- {apply: burn, PROOF}\n- {pause: burn}\n- {wait_for: burn, until: finished}\n",
            ["3:4: `burn` is paused, and stays so until it is resumed"],
        ),
    ],
)
def test_an_order_that_cannot_be(steps: str, expected: list[str], check: Check) -> None:
    assert check(steps) == [f"s.yaml:{text}" for text in expected]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (
            "- {apply: burn, until: runing, PROOF}\n",
            "1:17: a StressChaos has no phase `runing`; it has: injecting, running, paused, finished, deleting, gone"
            " (did you mean `running`?)",
        ),
        (
            "- {apply: plan, until: running, PROOF}\n",
            "1:17: a Schedule has no phase `running`; it has: waiting, spawned, paused, gone",
        ),
        (
            "- {apply: flow, until: finished, PROOF}\n",
            "1:17: a Workflow has no phase `finished`; it has: running, accomplished, gone",
        ),
        (
            "- {apply: flow, PROOF}\n- {pause: flow}\n",
            "2:4: a Workflow has no phase `paused`; it has: running, accomplished, gone",
        ),
        (
            "- {apply: burn, until: gone, PROOF}\n",
            "1:17: `apply` never leads to the phase `gone`, but to: injecting, running, paused, finished",
        ),
        (
            "- {apply: burn, PROOF}\n- {delete: burn, until: running}\n",
            "2:18: `delete` never leads to the phase `running`, but to: deleting, gone",
        ),
        (
            "- {apply: burn, PROOF}\n- {pause: burn, until: finished}\n",
            "2:17: `pause` never leads to the phase `finished`, but to: paused",
        ),
        (
            "- {apply: burn, PROOF}\n- {pause: burn}\n- {resume: burn, until: paused}\n",
            "3:18: `resume` never leads to the phase `paused`, but to: injecting, running, finished",
        ),
        (
            "- {apply: burn, PROOF}\n- {wait: 2, until: running}\n",
            "2:13: `until` is about a chaos, which `wait` is not",
        ),
    ],
)
def test_a_phase_that_never_comes(steps: str, expected: str, check: Check) -> None:
    assert check(steps) == [f"s.yaml:{expected}"]


@pytest.mark.parametrize(
    "steps",
    [
        "- {apply: burn, until: running}\n",
        "- {apply: burn}\n- {delete: burn, PROOF}\n",
        "- {apply: burn}\n- {apply: plan, PROOF}\n",
        "- {apply: burn}\n- {traffic: {source: a, target: b, requests: 3, answered: 3}}\n",
        "- {apply: burn}\n- {traffic: {source: a, target: b, requests: 3}}\n",
    ],
)
def test_chaos_needs_a_proof_of_its_effect(steps: str, check: Check) -> None:
    assert check(steps) == [
        "s.yaml:1:4: nothing proves that `burn` has an effect: give this step a `proof`, or a later one before the"
        " chaos is deleted (not needed with `until: injecting`)"
    ]


@pytest.mark.parametrize(
    "steps", ["- {apply: burn, until: injecting}\n", "- {apply: plan, until: waiting}\n"]
)
def test_chaos_that_has_done_nothing_yet_has_no_effect_to_prove(steps: str, check: Check) -> None:
    assert check(steps) == []


def test_what_a_scenario_lacks_altogether(
    scenario_file: Callable[[str], Path], shown: Callable[[list[Problem]], list[str]]
) -> None:
    text = "scenario: a\nabout: b\nchaos:\n  burn: {kind: K, spec: {}}\nsteps:\n"
    text += "- traffic: {source: a, target: b, requests: 1}\n"

    assert shown(check_steps(load(scenario_file(text))[0])) == [
        "s.yaml:6:3: `traffic a -> b` needs a workload; add `workload: mini-node-exporter`",
        "s.yaml:4:3: `burn` is never applied by a step",
        "s.yaml:5:1: no step has an `expect`: this scenario says nothing about a metric",
    ]


def test_something_has_to_hold(scenario_file: Callable[[str], Path]) -> None:
    text = (
        "scenario: a\nabout: b\nsteps:\n- wait: 1\n  expect: [{metric: m, absent: true, level: should}LAST]\n"
    )
    must = ", {metric: n, absent: true}"

    assert check_steps(load(scenario_file(text.replace("LAST", must)))[0]) == []
    assert [problem.message for problem in check_steps(load(scenario_file(text.replace("LAST", "")))[0])] == [
        "every expectation is `level: should`: no metric can make this scenario fail"
    ]


def test_answers_that_have_to_come_have_time_on_a_busy_machine() -> None:
    traffic = [
        (file.name, step.act.wanted)
        for path in discover([bundled.scenarios()])
        if path.suffix != ".py"
        for file in load(path)
        for step in file.scenario.steps
        if isinstance(step.act, TrafficAction)
    ]
    assert traffic
    hurried = [name for name, each in traffic if each.answered == each.requests and each.timeout < 1]
    assert hurried == []
