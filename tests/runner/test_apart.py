"""Which scenarios go to the node that is set apart, and that the others do not see it."""

import dataclasses

import pytest

from harness.results.scenario import RanOn, ScenarioResult
from harness.runner.apart import NodeApart, placed, ran_on

ORDINARY = {
    "netem": "unknown qdisc",
    "cgroup-v1": None,
    "cgroup-v2": "no",
    "stress-ng": None,
    "dns-server": "none",
}
APART = {"netem": None, "cgroup-v1": "no", "cgroup-v2": None, "stress-ng": None}


@pytest.fixture
def context(around):
    apart = NodeApart("c-uml", APART, 5.0)
    return dataclasses.replace(around, capabilities=ORDINARY, apart=apart)


@pytest.mark.parametrize("needs", [["netem"], ["netem", "stress-ng"], ["cgroup-v2", "netem"]])
def test_a_scenario_goes_to_the_node_apart_when_only_that_has_all_it_needs(context, needs):
    there = placed(context, needs)
    assert (there.place, there.nodes, there.interval) == ("c-uml", ["c-uml"], 5.0)
    assert all(there.capabilities[name] is None for name in needs)
    assert (there.unseen, there.patience) == (frozenset(context.nodes), 4.0)


@pytest.mark.parametrize(
    "needs",
    [
        [],
        ["stress-ng"],
        ["cgroup-v1"],
        # No node has both, and the cluster has no DNS server wherever the pods run.
        ["netem", "cgroup-v1"],
        ["netem", "dns-server"],
        ["netem", "no-such-capability"],
    ],
)
def test_any_other_scenario_stays_and_does_not_see_it(context, needs):
    assert placed(context, needs) == dataclasses.replace(context, unseen=frozenset({"c-uml"}))


def test_what_a_scenario_ran_on_is_told_with_kernel_and_cgroup_version():
    facts = {"nodes": [{"name": "c-uml", "kernel": "6.1.176", "cgroup": "v2", "runtime": "containerd"}]}
    targets = [{"node": "c-uml"}, {"node": "gone"}, {"node": "c-uml"}]
    assert ran_on(targets, facts) == [
        RanOn(node="c-uml", kernel="6.1.176", cgroup="v2"),
        RanOn(node="gone", kernel="?", cgroup="?"),
    ]


def test_results_of_a_stack_without_a_node_apart_are_as_they_were():
    result = ScenarioResult(name="n", file="f")
    assert "ran_on" not in result.model_dump()
    result.ran_on = [RanOn(node="c-uml", kernel="6.1.176", cgroup="v2")]
    written = result.model_dump()
    assert written["ran_on"] == [{"node": "c-uml", "kernel": "6.1.176", "cgroup": "v2"}]
    assert ScenarioResult.model_validate(written) == result


def test_without_a_node_apart_nothing_changes(around):
    assert placed(around, ["netem"]) is around
    assert around.unseen == frozenset()


def test_a_longer_interval_of_the_run_counts_there_too(context):
    assert placed(dataclasses.replace(context, interval=10.0), ["netem"]).interval == 10.0
