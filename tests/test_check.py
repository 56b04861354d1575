"""All that can be known to be wrong with a scenario is said at once, at its place."""

import pytest

from harness.base import bundled
from harness.check import load_checked
from harness.scenario.discover import discover
from harness.scenario.load import ScenarioError

WRONG = """\
scenario: example
about: Wrong in each way that one of the checks knows.
workload: mini-node-exporter
chaos:
  burn:
    kind: StressChaos
    spec: {mode: one, selector: "${workload.selectr}"}
steps:
  - wait: 1
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        equal: 1
      - metric: chaos_controller_manager_chaos_experimnts
        equals: 1
  - delete: burn
  - apply: burn
    until: running
"""


def test_what_every_check_finds_comes_at_once_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    with pytest.raises(ScenarioError) as wrong:
        load_checked(path)
    found = [(problem.line, problem.message) for problem in wrong.value.problems]
    assert [(line, message.split(": ")[0].split(";")[0]) for line, message in found] == [
        (7, "${workload.selectr}"),
        (12, "unknown kind of expectation `equal`"),
        (13, "the catalogue has no metric `chaos_controller_manager_chaos_experimnts`"),
        (15, "`burn` is not applied yet"),
        (16, "nothing proves that `burn` has an effect"),
    ]


@pytest.mark.parametrize("path", discover([bundled.scenarios()]), ids=lambda path: path.stem)
def test_what_ships_is_fine(path):
    assert {file.path for file in load_checked(path)} == {path}


def problems_of(path, steps, *, top="workload: mini-node-exporter\n"):
    expect = "    expect: [{metric: go_goroutines, where: {job: chaos-daemon}, present: true}]\n"
    path.write_text(f"scenario: a\nabout: b\n{top}steps:\n  - wait: 1\n{expect}{steps}")
    try:
        load_checked(path)
    except ScenarioError as wrong:
        return [
            problem.message + (f" ({problem.suggestion})" if problem.suggestion else "")
            for problem in wrong.problems
        ]
    return []


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("restart: chaos-daemon", None),
        ("restart: {component: controller-manager, grace: 30}", None),
        ("restart: workload", None),
        ("scale: {component: workload, replicas: 0}", None),
        (
            "restart: dashboard",
            "there is no component `dashboard`; there is: chaos-daemon, chaos-dashboard, controller-manager, "
            "workload (chaos-dashboard)",
        ),
        (
            "scale: {component: chaos-daemon, replicas: 2}",
            "`chaos-daemon` cannot be scaled: it has one pod on each node",
        ),
        ("{restart: chaos-daemon, until: running}", "`until` is about a chaos, which `restart` is not"),
        (
            "scale: {component: chaos-dashboard, replicas: 51}",
            "`steps[1].scale.replicas` must be at most 50, not 51",
        ),
        ("restart: {component: chaos-daemon, nod: x}", "unknown key `nod` in steps[1].restart (node)"),
        (
            'restart: {component: chaos-daemon, node: "${nodes.a}"}',
            "${nodes.a}: `nodes` has no fields (${nodes})",
        ),
    ],
)
def test_steps_that_replace_pods(tmp_path, step, problem):
    found = problems_of(tmp_path / "a.yaml", f"  - {step}\n")
    assert found == ([problem] if problem else [])


@pytest.mark.parametrize("step", ["restart: workload", "scale: {component: workload, replicas: 2}"])
def test_a_workload_that_is_replaced_must_be_there(tmp_path, step):
    (found,) = problems_of(tmp_path / "a.yaml", f"  - {step}\n", top="")
    assert found.endswith("needs a workload; add `workload: mini-node-exporter`")
