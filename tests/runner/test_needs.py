"""What may run on a cluster of others: derived from what a scenario does and looks at."""

from dataclasses import replace

import pytest

from harness.base import bundled
from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.lint.check import load_checked
from harness.runner import runner
from harness.runner.conflicts import conflicts_of
from harness.runner.needs import ScenarioNeeds, SharedUse, needs_of
from harness.scenario.discover import discover
from harness.scenario.load import load

HEAD = "scenario: made-up\nabout: A made-up one.\nworkload: mini-node-exporter\nsteps:\n"
OWN = "[{metric: up, where: {job: workload}, equals: 1}]"


def needs(tmp_path, step, expect=OWN):
    path = tmp_path / "made-up.yaml"
    path.write_text(f"{HEAD}  - {{{step}, expect: {expect}}}\n")
    return needs_of(load(path)[0], catalogue())


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("restart: chaos-daemon", "restarts chaos-daemon"),
        ("restart: {component: controller-manager, leader: true}", "restarts controller-manager"),
        ("scale: {component: chaos-dashboard, replicas: 0}", "scales chaos-dashboard"),
        (
            "deny: {component: controller-manager, verbs: [delete], resources: [podchaos]}",
            "denies controller-manager requests of the API server",
        ),
        ("node: {name: n1, command: [mv, a, b], breaks: [chaos-daemon]}", "breaks chaos-daemon on a node"),
        (
            "node: {name: n1, command: [touch, a]}",
            "runs `touch` on a node, and what that changes is not known",
        ),
        (
            "node: {node_of: chaos-daemon, command: [touch, a]}",
            "runs `touch` on a node, and what that changes",
        ),
    ],
)
def test_what_disrupts_chaos_mesh_or_a_node_needs_to_be_allowed(tmp_path, step, reason):
    found = needs(tmp_path, step)
    assert found.disruption.startswith(reason)
    told = found.refused(SharedUse(exclusive=True))
    assert told.startswith(f"not without --allow-disruption on a cluster of others: it {reason}")
    assert found.refused(SharedUse(exclusive=True, disruption=True)) == ""


@pytest.mark.parametrize(
    "step", ["restart: workload", "scale: {component: workload, replicas: 2}", "wait: 1"]
)
def test_what_is_about_its_own_pods_runs_everywhere(tmp_path, step):
    found = needs(tmp_path, step)
    assert found == ScenarioNeeds()
    assert found.refused(SharedUse()) == ""


def test_a_command_in_its_own_pods_network_needs_a_node_and_disrupts_nothing(tmp_path):
    found = needs(
        tmp_path, 'node: {network_of: "${workload.targets}", command: [ip, link], breaks: [workload]}'
    )
    assert found.disruption == ""
    assert found.node == "runs a command on a node"
    assert found.refused(SharedUse(exclusive=True)) == ""
    told = found.refused(SharedUse(exclusive=True, node="the account may not enter chaos-daemon"))
    assert told == "it runs a command on a node, and the account may not enter chaos-daemon"


def test_what_is_denied_takes_an_administrator(tmp_path):
    step = "deny: {component: controller-manager, verbs: [delete], resources: [podchaos]}"
    found = needs(tmp_path, step)
    allowed = SharedUse(exclusive=True, disruption=True, roles="the account may not escalate clusterroles")
    assert found.refused(allowed) == (
        "it denies controller-manager requests of the API server, "
        "and the account may not escalate clusterroles"
    )
    assert found.refused(SharedUse(exclusive=True, disruption=True)) == ""
    assert needs(tmp_path, "restart: chaos-daemon").roles == ""


def test_what_others_change_is_looked_at_only_when_there_are_none(tmp_path):
    expect = "[{metric: chaos_controller_manager_chaos_experiments, equals: 0}]"
    found = needs(tmp_path, "wait: 1", expect)
    reason = "looks at chaos_controller_manager_chaos_experiments, which others change"
    assert found.exclusive == reason
    assert found.refused(SharedUse()) == f"not without --exclusive on a cluster of others: it {reason}"
    assert found.refused(SharedUse(exclusive=True)) == ""


def test_the_default_on_a_cluster_of_others_touches_nothing_of_theirs():
    found = [file for path in discover([bundled.scenarios()]) for file in load_checked(path, 1.0, [])]
    runs = [file for file in found if not needs_of(file, catalogue()).refused(SharedUse())]
    assert 40 < len(runs) < len(found)
    for file in runs:
        conflicts = conflicts_of(file, catalogue())
        assert not (conflicts.alone or conflicts.looks or conflicts.breaks), file.name
    by_all = SharedUse(exclusive=True, disruption=True)
    assert all(not needs_of(file, catalogue()).refused(by_all) for file in found)
    by_api = SharedUse(node="the account may not")
    assert 0 < sum(not needs_of(file, catalogue()).refused(by_api) for file in found) < len(runs)


def test_the_runner_skips_what_may_not_run_and_sends_nothing(around, cluster, tmp_path):
    path = tmp_path / "made-up.yaml"
    path.write_text(f"{HEAD}  - {{restart: chaos-daemon, expect: {OWN}}}\n")
    before = len(cluster.requests)

    result = runner.run(load(path)[0], replace(around, shared=SharedUse()), catalogue())

    assert result.verdict is Verdict.SKIPPED
    assert result.reason == "not without --allow-disruption on a cluster of others: it restarts chaos-daemon"
    assert len(cluster.requests) == before


def test_what_does_not_fit_the_stack_is_skipped_too(around, cluster, tmp_path):
    path = tmp_path / "made-up.yaml"
    path.write_text(f"{HEAD}  - {{wait: 1, expect: {OWN}}}\n")
    before = len(cluster.requests)

    result = runner.run(load(path)[0], replace(around, unfit=lambda file: f"not {file.name}"), catalogue())

    assert (result.verdict, result.reason) == (Verdict.SKIPPED, "not made-up")
    assert len(cluster.requests) == before
