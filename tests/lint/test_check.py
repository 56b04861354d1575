"""All that can be known to be wrong with a scenario is said at once, at its place."""

import pytest

from harness.base import bundled
from harness.lint.check import load_checked
from harness.scenario.discover import discover
from harness.scenario.load import ScenarioError

WRONG = """\
scenario: example
about: Wrong in each way that one of the checks knows.
workload: mini-node-exporter
chaos:
  burn:
    kind: StressChaos
    spec: {mode: one, selector: "${workload.selectr}", stressors: {cpu: {workers: 1}}}
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
        ("restart: {component: chaos-daemon, answers: false}", None),
        ("deny: {component: chaos-daemon, verbs: [get], resources: [podchaos, statuschecks/status]}", None),
        (
            "deny: {component: dashboard, verbs: [get], resources: [podchaos]}",
            "there is no component `dashboard`; there is: chaos-daemon, chaos-dashboard, controller-manager "
            "(chaos-dashboard)",
        ),
        (
            "deny: {component: chaos-daemon, verbs: [read], resources: [podchaos]}",
            "`steps[1].deny.verbs[0]` must be get, list, watch, create, update, patch, delete or "
            "deletecollection, not the text `read` (create)",
        ),
        (
            "deny: {component: chaos-daemon, verbs: [], resources: [podchaos]}",
            "`steps[1].deny.verbs` must have at least 1 entry",
        ),
        ("allow: chaos-daemon", "nothing is denied to `chaos-daemon` before; `deny` comes first"),
        (
            "{deny: {component: chaos-daemon, verbs: [get], resources: [podchaos]}, until: running}",
            "`until` is about a chaos, which `deny` is not",
        ),
        ("http: {to: chaos-dashboard, path: /api, times: 3}", None),
        ("http: {to: mini-node-exporter-3, path: /ping}", None),
        ("http: [{to: chaos-dashboard, path: /api}, {to: workload, path: /ping}]", None),
        (
            "http: [{to: chaos-dashboard, path: /api}, {to: dashboard, path: /}]",
            "there is no component `dashboard`; there is: chaos-daemon, chaos-dashboard, controller-manager,"
            " workload (chaos-dashboard)",
        ),
        (
            "node: {node_of: dashboard, command: [id]}",
            "there is no component `dashboard`; there is: chaos-daemon, chaos-dashboard, controller-manager"
            " (chaos-dashboard)",
        ),
        ("http: []", "`steps[1].http` must have at least 1 entry"),
        ('http: {to: "${workload.pods[0]}", path: /ping}', None),
        ("http: {to: workload, path: /metrics}", None),
        (
            "http: {to: dashboard, path: /api}",
            "there is no component `dashboard`; there is: chaos-daemon, chaos-dashboard, controller-manager, "
            "workload (chaos-dashboard)",
        ),
        (
            "http: {to: chaos-daemon, path: '/metrics?x'}",
            "two scrapers at once get partial data from Chaos Mesh, so what Prometheus reads meanwhile would "
            "be wrong; expect the metric",
        ),
        (
            "http: {to: chaos-dashboard, path: /, headers: {Impersonate-User: admin}}",
            "the header Impersonate-User is not sent: it is for the API server and for proxies, and cannot "
            "be set",
        ),
        (
            "http: {to: chaos-dashboard, path: api}",
            "a path begins with / and has no white space, not `api` in steps[1].http.path",
        ),
        ("http: {to: chaos-dashboard, path: /, times: 0}", "`steps[1].http.times` must be at least 1, not 0"),
        (
            "http: {to: chaos-dashboard, path: /, method: get}",
            "`steps[1].http.method` must be GET, HEAD, POST, PUT, PATCH or DELETE, not the text `get` (GET)",
        ),
        ("exec: {in: mini-node-exporter-0, command: [date]}", None),
        ('exec: {in: "${workload.targets[0]}", command: [date, -u], exit: 1, answered: x}', None),
        (
            "exec: {in: {namespace: a, pod: b, container: c}, command: [date]}",
            "the container is in the namespace 'a', which is not the scenario's own",
        ),
        ('exec: {in: {namespace: "${namespace}", pod: b, container: c}, command: [date]}', None),
        ("exec: {in: a, command: []}", "`steps[1].exec.command` must have at least 1 entry"),
        ("exec: {in: a, command: date}", "`steps[1].exec.command` must be a list, not the text `date`"),
        ("exec: {command: [date]}", "`in` is missing in steps[1].exec"),
        ("exec: {in: a, command: [date], exits: 1}", "unknown key `exits` in steps[1].exec (exit)"),
        ("{exec: {in: a, command: [date]}, until: gone}", "`until` is about a chaos, which `exec` is not"),
    ],
)
def test_steps_that_are_about_no_chaos(tmp_path, step, problem):
    found = problems_of(tmp_path / "a.yaml", f"  - {step}\n")
    assert found == ([problem] if problem else [])


def test_what_is_denied_are_resources_of_chaos_mesh(tmp_path):
    step = "  - deny: {component: chaos-daemon, verbs: [get], resources: [podchaos, podchoas/status, pods]}\n"
    first, second = problems_of(tmp_path / "a.yaml", step)
    assert first.startswith("there is no resource of Chaos Mesh `podchoas`; there is: awschaos, ")
    assert first.endswith(" (podchaos)")
    assert second.startswith("there is no resource of Chaos Mesh `pods`; ")


@pytest.mark.parametrize(
    "before", ["", "  - deny: {component: chaos-daemon, verbs: [get], resources: [podchaos]}\n"]
)
def test_who_is_allowed_something_is_a_component(tmp_path, before):
    (found,) = [
        each
        for each in problems_of(tmp_path / "a.yaml", f"{before}  - allow: dashboard\n")
        if "there is no component" in each
    ]
    assert found.endswith(" (chaos-dashboard)")


@pytest.mark.parametrize(
    "step",
    ["restart: workload", "scale: {component: workload, replicas: 2}", "http: {to: workload, path: /ping}"],
)
def test_a_workload_that_is_replaced_must_be_there(tmp_path, step):
    (found,) = problems_of(tmp_path / "a.yaml", f"  - {step}\n", top="")
    assert found.endswith("needs a workload; add `workload: mini-node-exporter`")
