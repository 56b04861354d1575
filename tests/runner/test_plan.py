"""What a scenario needs to watch and to read, known before anything happens."""

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.runner.plan import jobs_of, oracles_of, own_targets_only, watch_of
from harness.scenario.model import Expectation, Scenario

GAUGE = "chaos_controller_manager_chaos_experiments"
RULES = "chaos_daemon_tcs_rules"
EVERYWHERE = "process_start_time_seconds"


def expectation(metric=GAUGE, where=None, **kind):
    return {"metric": metric, "where": where or {}, **(kind or {"present": True})}


def scenario(*expectations, proof=()):
    return Scenario.model_validate(
        {
            "scenario": "example",
            "about": "For the plan.",
            "steps": [{"wait": 1, "proof": list(proof)}, {"wait": 1, "expect": list(expectations)}],
        }
    )


def of(promql):
    return {"promql": promql, "present": True}


def watched(*expectations):
    return watch_of(scenario(*expectations), catalogue(), "ns")


@pytest.mark.parametrize(
    ("where", "jobs"),
    [
        ({}, catalogue().jobs(EVERYWHERE)),
        ({"job": "controller-manager"}, ["controller-manager"]),
        ({"job": {"matches": "controller-.*"}}, catalogue().jobs(EVERYWHERE)),
    ],
)
def test_a_plain_job_narrows_a_metric_that_several_components_have(where, jobs):
    assert len(catalogue().jobs(EVERYWHERE)) > 1
    assert jobs_of(Expectation.model_validate(expectation(EVERYWHERE, where)), catalogue()) == jobs


@pytest.mark.parametrize(
    ("matcher", "jobs"),
    [
        ('=~".*controller-manager.*"', ["controller-manager"]),
        ('=~".*(chaos-daemon|controller-manager).*"', ["chaos-daemon", "controller-manager"]),
        ('="chaos-daemon"', ["chaos-daemon"]),
        ('=~"nobody"', catalogue().jobs(EVERYWHERE)),
        ('!="chaos-daemon"', [job for job in catalogue().jobs(EVERYWHERE) if job != "chaos-daemon"]),
        ('!~"chaos-.*"', ["controller-manager", "prometheus"]),
    ],
)
def test_a_job_narrows_an_expression_to_those_that_it_selects(matcher, jobs):
    expression = of(f"sum({EVERYWHERE}{{job{matcher}}})")
    assert jobs_of(Expectation.model_validate(expression), catalogue()) == jobs


def test_the_jobs_of_a_metric_are_the_catalogues():
    assert jobs_of(Expectation.model_validate(expectation(RULES)), catalogue()) == ["chaos-daemon"]


def test_the_own_namespace_is_watched_narrowly():
    watch = watched(expectation(where={"namespace": "${namespace}"}))
    assert (watch.own_namespace, watch.namespaces) == ("ns", {"ns"})
    assert (watch.narrow, watch.wide, watch.jobs) == ({GAUGE}, set(), {"controller-manager"})


def test_another_namespace_that_is_written_out_is_watched_too():
    watch = watched(expectation(where={"namespace": "kube-system"}))
    assert (watch.narrow, watch.wide, watch.namespaces) == ({GAUGE}, set(), {"ns", "kube-system"})


@pytest.mark.parametrize(
    "where",
    [{}, {"namespace": {"matches": "n.*"}}, {"namespace": "${burn.namespace}"}],
    ids=["any", "matcher", "known later"],
)
def test_a_namespace_that_is_open_makes_the_metric_wide(where):
    watch = watched(expectation(where=where))
    assert (watch.narrow, watch.wide, watch.namespaces) == (set(), {GAUGE}, {"ns"})


def test_a_metric_that_is_wanted_both_ways_is_wide():
    for order in (1, -1):
        both = [expectation(where={"namespace": "${namespace}"}), expectation()][::order]
        watch = watched(*both)
        assert (watch.narrow, watch.wide) == (set(), {GAUGE})


def test_a_metric_without_the_label_namespace_is_narrow():
    watch = watched(expectation(EVERYWHERE, {"job": "chaos-daemon"}), expectation("not_in_the_catalogue"))
    assert (watch.narrow, watch.wide) == ({EVERYWHERE, "not_in_the_catalogue"}, set())
    assert watch.jobs == {"chaos-daemon"}


def test_the_jobs_of_all_expectations_are_watched():
    assert watched(expectation(), expectation(RULES)).jobs == {"controller-manager", "chaos-daemon"}


def test_nothing_expected_is_nothing_watched():
    watch = watched()
    assert (watch.narrow, watch.wide, watch.jobs, watch.namespaces) == (set(), set(), set(), {"ns"})


def test_oracles_of_expectations_rows_proofs_and_waivers_are_found():
    found = oracles_of(
        scenario(
            expectation(equals={"oracle": "experiments", "phase": "running"}),
            expectation(series=[{"kind": "PodChaos", "value": {"oracle": "pods"}}]),
            expectation(between=[0, {"oracle": "schedules"}]),
            expectation(equals=1, known_issue={"id": "wrong", "shows": {"equals": {"oracle": "workflows"}}}),
            expectation(RULES, {"container": "oracle"}, equals=2),
            expectation(equals=1, unlike={"nodes": {"oracle": "workflow-nodes"}}),
            proof=[{"oracle": "images", "image": "pause", "equals": 1}],
        )
    )
    assert found == {"experiments", "pods", "schedules", "workflows", "images", "workflow-nodes"}


def test_a_scenario_that_asks_nobody_has_no_oracles():
    assert oracles_of(scenario(expectation(equals=1))) == set()


def test_metrics_of_the_workload_are_those_of_the_own_one():
    spec = {"metric": "mini_node_clock_seconds", "where": {"node": "n1"}, "present": True}
    assert own_targets_only(spec, ["workload"], "ns") == {
        "metric": "mini_node_clock_seconds",
        "where": {"node": "n1", "instance": {"matches": "ns/.+"}},
        "present": True,
    }
    without = own_targets_only({"metric": "m"}, ["workload"], "ns")
    assert without == {"metric": "m", "where": {"instance": {"matches": "ns/.+"}}}
    assert spec["where"] == {"node": "n1"}, "the given one is left alone"


@pytest.mark.parametrize(
    ("spec", "jobs"),
    [
        ({"metric": "m", "where": {"instance": "ns/pod-1"}}, ["workload"]),
        ({"metric": "m", "where": {}}, ["chaos-daemon"]),
        ({"metric": "m"}, ["chaos-daemon", "workload"]),
    ],
)
def test_everything_else_is_left_as_it_is(spec, jobs):
    assert own_targets_only(spec, jobs, "ns") is spec


@pytest.mark.parametrize(
    ("promql", "jobs"),
    [
        (f'sum({GAUGE}{{namespace="${{namespace}}"}})', ["controller-manager"]),
        (f"{GAUGE} / on() {RULES}", ["chaos-daemon", "controller-manager"]),
        (f'{EVERYWHERE}{{job="chaos-daemon"}}', ["chaos-daemon"]),
        (f"{EVERYWHERE} > ${{parameters.since}}", catalogue().jobs(EVERYWHERE)),
    ],
)
def test_an_expression_waits_for_the_jobs_of_all_that_it_selects(promql, jobs):
    assert jobs_of(Expectation.model_validate(of(promql)), catalogue()) == jobs
    watch = watched(of(promql))
    assert watch.jobs == set(jobs)
    assert watch.narrow | watch.wide == set(), "Prometheus itself looks at its series"


def test_an_expression_is_left_as_it_is():
    spec = of("mini_node_clock_seconds")
    assert own_targets_only(spec, ["workload"], "ns") is spec


def test_a_further_namespace_is_watched_narrowly_too():
    wanted = scenario(expectation(where={"namespace": "${namespaces.second}"}))
    watch = watch_of(wanted, catalogue(), "ns", {"second": "ns-second"})
    assert (watch.namespaces, watch.wide) == ({"ns", "ns-second"}, set())
