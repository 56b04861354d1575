"""Which scenarios take turns, and why; the catalogue is the real one."""

import pytest

from harness.base import bundled
from harness.chaosmesh.catalogue import catalogue
from harness.runner.conflicts import Conflicts, calls_daemon, conflicts_of
from harness.scenario.discover import discover
from harness.scenario.load import load

HEAD = "scenario: {name}\nabout: A made-up one.\nworkload: {{name: mini-node-exporter, replicas: 2}}\n"
STRESS = 'kind: StressChaos, spec: {mode: one, selector: "${workload.selector}", stressors: %s}'
SHIFT = 'kind: TimeChaos, spec: {mode: one, selector: "${workload.selector}", timeOffset: "-1h"}'
KILL = 'kind: PodChaos, spec: {action: pod-kill, mode: one, selector: "${workload.selector}"}'
WORKFLOW = "kind: Workflow, spec: {entry: a, templates: [{name: a, %s}]}"
SUSPEND = "templateType: Suspend, deadline: 1s"
SCHEDULE = 'kind: Schedule, spec: {schedule: "@every 2s", type: Workflow, %s}'
CUT = 'kind: NetworkChaos, spec: {action: partition, mode: one, selector: "${workload.selector}"}'
SMALL, LARGE = "{cpu: {workers: 1, load: 10}}", "{cpu: {workers: 1}}"
OWN = 'metric: chaos_controller_manager_chaos_experiments, where: {namespace: "${namespace}"}, present: true'
CALLS = "metric: grpc_server_handled_total, where: {job: chaos-daemon%s}, increases_by: 1"


@pytest.fixture
def claims(tmp_path):
    def make(*, chaos=SHIFT, expect=OWN, more="", steps=""):
        path = tmp_path / "made-up.yaml"
        applied = f"chaos:\n  it: {{{chaos}}}\n" if chaos else ""
        apply = "  - apply: it\n" if chaos else ""
        first = f"  - wait: 1\n    expect: [{{{expect}}}]\n"
        path.write_text(HEAD.format(name="made-up") + more + applied + "steps:\n" + first + apply + steps)
        return conflicts_of(load(path)[0], catalogue())

    return make


def test_what_has_the_own_namespace_is_nobody_elses(claims):
    assert claims().meets(claims()) == ""
    expression = "promql: 'sum(chaos_daemon_tcs_rules{namespace=\"${namespace}\"})', present: true"
    assert claims(expect=expression).looks == ()


def test_exact_counters_of_calls_take_turns_with_what_makes_the_calls(claims):
    counting = claims(chaos=STRESS % SMALL, expect=CALLS % ", grpc_method: ExecStressors")
    assert counting.meets(claims(chaos=STRESS % SMALL)) == (
        "one looks at grpc_server_handled_total, and the other changes it"
    )
    assert claims(chaos=STRESS % SMALL).meets(counting) == counting.meets(claims(chaos=STRESS % SMALL))
    assert counting.meets(claims(chaos=SHIFT)) == ""
    assert counting.meets(claims(chaos=KILL)) == ""


def test_without_a_method_every_call_counts(claims):
    counting = claims(expect=CALLS % "")
    assert counting.meets(claims(chaos=STRESS % SMALL))
    assert counting.meets(claims(chaos=KILL)) == ""


def test_what_a_schedule_makes_counts_like_the_experiment_itself(claims):
    spec = 'schedule: "@every 2s", type: StressChaos, concurrencyPolicy: Allow, historyLimit: 1, '
    inner = 'stressChaos: {mode: one, selector: "${workload.selector}", stressors: {cpu: {workers: 1}}}'
    made = claims(chaos=f"kind: Schedule, spec: {{{spec}{inner}}}")
    assert {"Schedule", "StressChaos", "every-chaos"} <= made.does
    assert made.uses == {"the CPU", "a Schedule it"}
    assert made.meets(made) == "both use a Schedule it"
    assert made.meets(claims(expect=CALLS % ", grpc_method: ExecStressors"))


def test_controllers_are_those_of_a_kind(claims):
    where = "{job: controller-manager, controller: stresschaos-pipeline, result: error}"
    looking = claims(expect=f"metric: controller_runtime_reconcile_total, where: {where}, unchanged: true")
    assert looking.meets(claims(chaos=SHIFT)) == ""
    assert looking.meets(claims(chaos=STRESS % SMALL))


def test_what_is_done_to_pods_has_controllers_of_its_own(claims):
    where = "{job: controller-manager, controller: podnetworkchaos}"
    looking = claims(chaos="", expect=f"metric: controller_runtime_active_workers, where: {where}, equals: 0")
    assert looking.meets(claims(chaos=CUT))
    assert looking.meets(claims(chaos=SHIFT)) == ""
    assert looking.meets(claims(chaos=KILL)) == ""


def test_a_schedule_of_workflows_does_what_its_workflows_do(claims):
    made = claims(chaos=SCHEDULE % WORKFLOW.replace("kind: Workflow, spec", "workflow") % SUSPEND)
    assert made.does == {"Schedule", "Workflow", "StatusCheck"}
    where = "{job: controller-manager, controller: workflow-entry-reconciler}"
    looking = f"metric: controller_runtime_reconcile_errors_total, where: {where}, increases_by: 0"
    assert made.meets(claims(chaos=WORKFLOW % SUSPEND, expect=looking))


def test_a_large_load_is_for_one_at_a_time(claims):
    assert claims(chaos=STRESS % LARGE).meets(claims(chaos=STRESS % LARGE)) == "both use the CPU"
    assert claims(chaos=STRESS % LARGE).meets(claims(chaos=STRESS % SMALL)) == ""


def test_who_breaks_a_component_takes_turns_with_those_that_need_it(claims):
    breaking = claims(
        chaos="",
        expect=OWN,
        steps='  - restart: {component: chaos-daemon, node: "${workload.targets[0].node}"}\n',
    )
    assert breaking.breaks == {"chaos-daemon"}
    assert breaking.meets(claims(chaos=SHIFT)) == "one breaks chaos-daemon, and the other needs it"
    assert breaking.meets(claims(chaos=KILL)) == ""
    assert breaking.meets(breaking)


def test_an_oracle_that_looks_at_the_whole_node_is_shared(claims):
    asking = claims(chaos="", steps="  - wait: 1\n    proof: {oracle: managed-processes, equals: 0}\n")
    assert "managed-processes" in asking.meets(claims(chaos=STRESS % SMALL))
    assert asking.meets(claims(chaos=SHIFT)) == ""


def test_a_metric_that_nobody_knows_is_changed_by_all(claims):
    looking = claims(chaos="", expect="metric: made_up_total, present: true")
    assert looking.meets(claims(chaos=KILL)) == "one looks at made_up_total, and the other changes it"


@pytest.mark.parametrize(
    ("chaos", "called"),
    [
        (STRESS % SMALL, True),
        (KILL, False),
        (KILL.replace("pod-kill", "container-kill"), True),
        ("", False),
        (WORKFLOW % "templateType: Suspend, deadline: 1s", False),
        (WORKFLOW % "schedule: {type: TimeChaos, timeChaos: {mode: one, timeOffset: -1h}}", True),
        (WORKFLOW % "templateType: TimeChaos, timeChaos: {mode: one, timeOffset: -1h}", True),
    ],
)
def test_who_calls_the_daemon(tmp_path, claims, chaos, called):
    claims(chaos=chaos)
    assert calls_daemon(load(tmp_path / "made-up.yaml")[0]) is called


def test_what_the_dashboard_is_sent_counts_like_what_is_applied(claims):
    body = "{kind: StressChaos, metadata: {name: x}, spec: {mode: one, stressors: {memory: {workers: 1}}}}"
    sent = f"  - http: {{to: chaos-dashboard, method: POST, path: /api/experiments, body: {body}}}\n"
    sending = claims(chaos="", expect="metric: up, where: {job: chaos-dashboard}, equals: 1", steps=sent)
    assert {"StressChaos", "every-chaos", "requests"} <= sending.does
    assert sending.meets(claims(expect=CALLS % ", grpc_method: ExecStressors"))
    restarting = claims(chaos="", steps="  - restart: {component: controller-manager}\n")
    assert sending.meets(restarting) == "one breaks controller-manager, and the other needs it"


def test_schedules_of_one_name_take_turns_whoever_makes_them(claims):
    spec = "spec: {type: TimeChaos, timeChaos: {mode: one}}"
    sent = f"{{kind: Schedule, metadata: {{name: twin}}, {spec}}}"
    posting = f"  - http: {{to: chaos-dashboard, method: POST, path: /api/schedules, body: {sent}}}\n"
    assert claims(chaos="", steps=posting).uses == {"a Schedule twin"}
    assert claims(chaos=f"kind: Schedule, name: twin, {spec}").uses == {"a Schedule twin"}


def test_a_large_load_counts_that_the_dashboard_is_sent(claims):
    body = f"{{kind: StressChaos, metadata: {{name: x}}, spec: {{mode: one, stressors: {LARGE}}}}}"
    sent = f"  - http: {{to: chaos-dashboard, method: POST, path: /api/experiments, body: {body}}}\n"
    assert claims(chaos="", steps=sent).uses == {"the CPU"}


def test_what_is_said_to_run_alone_does(claims):
    alone = claims(more="alone: it fills the disk\n")
    assert alone.meets(claims()) == claims().meets(alone) == "one runs alone: it fills the disk"


def test_a_command_on_a_node_runs_alone_unless_it_says_what_it_breaks(claims):
    node = '  - node: {name: "${workload.targets[0].node}", command: ["true"]%s}\n'
    assert claims(steps=node % "").alone
    known = claims(steps=node % ", breaks: [chaos-daemon]")
    assert (known.alone, known.breaks) == ("", {"chaos-daemon"})


def test_who_denies_a_component_something_runs_alone(claims):
    denies = claims(
        steps="  - deny: {component: chaos-daemon, verbs: [get], resources: [podchaos]}\n"
        "  - allow: chaos-daemon\n"
    )
    assert (
        denies.meets(claims())
        == claims().meets(denies)
        == ("one runs alone: what it denies to chaos-daemon every other scenario would have to do without")
    )


def test_every_scenario_that_ships_has_claims_and_most_of_them_meet_few():
    every = [
        conflicts_of(file, catalogue())
        for path in discover([bundled.scenarios()])
        if path.suffix != ".py"
        for file in load(path)
    ]
    pairs = [(one, other) for index, one in enumerate(every) for other in every[:index]]
    meeting = sum(1 for one, other in pairs if one.meets(other))
    assert 0 < meeting < len(pairs) / 2
    assert all(
        one.meets(other) == other.meets(one) or (one.meets(other) and other.meets(one))
        for one, other in pairs
    )


def test_scenarios_on_a_node_that_is_set_apart_take_turns():
    there = Conflicts().at("c-uml")
    assert there.meets(Conflicts().at("c-uml")) == "both use the node c-uml"
    assert there.meets(Conflicts().at("")) == ""
