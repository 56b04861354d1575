"""What a recording says of promptness: by the catalogue, the scenario, and the oracles that are followed."""

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.recording.model import Promptness
from harness.runner.promptness import promptness_of
from harness.scenario.model import Chaos, Expectation, Scenario, Step

EVENTS = "chaos_controller_manager_emitted_event_total"
EXPERIMENTS = "chaos_controller_manager_chaos_experiments"


def promptness(step=None, kind="TimeChaos", **spec):
    made = Step.model_validate(step or {"apply": "it", "until": "running"})
    scenario = Scenario(
        scenario="s", about="a", namespaces=["second"], chaos={"it": Chaos(kind=kind, spec={})}, steps=[made]
    )
    return promptness_of(Expectation.model_validate(spec), scenario, made, catalogue(), "ns")


@pytest.mark.parametrize(
    ("metric", "produced", "scrapes"),
    [
        ("chaos_daemon_tcs_rules", "at_scrape", 2),
        ("chaos_controller_manager_chaos_experiments", "from_cache", 2),
        (EVENTS, "at_event", 10),
        ("grpc_server_handled_total", "at_call", 2),
        ("chaos_daemon_grpc_server_handling_seconds_count", "at_call", 2),
        ("controller_runtime_reconcile_total", "at_reconcile", 3),
        ("chaos_dashboard_archived_experiments", "at_scrape", 2),
    ],
)
def test_it_is_what_the_catalogue_says_of_the_metric(metric, produced, scrapes):
    assert promptness(metric=metric, equals=1) == Promptness(produced=produced, scrapes=scrapes)


def test_what_the_scenario_says_overrides():
    found = promptness(metric="chaos_daemon_tcs_rules", equals=1, deadline=7)
    assert found == Promptness(produced="at_scrape", scrapes=7)


@pytest.mark.parametrize("metric", ["no_such_metric", "ALERTS", "coredns_some"])
def test_of_what_nobody_knows_the_default_deadline_stays(metric):
    assert promptness(metric=metric, equals=1) == Promptness(scrapes=10)


def test_events_are_followed_in_the_own_namespace():
    own = promptness(metric=EVENTS, where={"namespace": "ns"}, increases_by=1)
    assert (own.oracle, own.key) == ("events", "{}")
    assert promptness(metric=EVENTS, where={"namespace": "other"}, increases_by=1).oracle == ""
    assert promptness(metric=EVENTS, increases_by=1).oracle == ""
    compared = promptness(metric=EVENTS, where={"namespace": "ns"}, equals={"oracle": "events"})
    assert compared.oracle == ""


def test_what_is_costly_to_read_is_not_followed():
    assert promptness(metric="chaos_daemon_ipset_members", where={"namespace": "ns"}, equals=1).oracle == ""


def test_an_expression_is_as_prompt_as_its_slowest_metric():
    assert promptness(promql=f"sum({EXPERIMENTS}) + count(workqueue_depth)", equals=1) == (
        Promptness(produced="at_reconcile", scrapes=3)
    )


@pytest.mark.parametrize(
    "promql", [f"rate({EVENTS}[5s])", f"sum({EVENTS} offset 3s)", "count(no_such_metric)", "vector(1)"]
)
def test_an_expression_that_looks_back_has_the_default_deadline(promql):
    assert promptness(promql=promql, equals=1) == Promptness(scrapes=10)


DELETE = {"http": {"to": "chaos-dashboard", "method": "DELETE", "path": "/api/experiments/1"}}
GET = {"http": {"to": "chaos-dashboard", "path": "/api/experiments"}}


@pytest.mark.parametrize(
    ("step", "metric", "scrapes"),
    [
        ({"apply": "it"}, EXPERIMENTS, 10),
        ({"apply": "it", "until": "injecting"}, EXPERIMENTS, 2),
        ({"apply": "it", "proof": {"oracle": "schedules", "equals": 1}}, EXPERIMENTS, 2),
        ({"delete": "it"}, EXPERIMENTS, 2),
        ({"wait": 1}, EXPERIMENTS, 2),
        ({"traffic": {"source": "a", "target": "b", "requests": 1}}, "mini_node_requests_sent_total", 2),
        (GET, EXPERIMENTS, 10),
        (GET, "chaos_dashboard_http_request_duration_seconds_count", 2),
        (GET, "chaos_dashboard_archived_experiments", 2),
        (DELETE, "chaos_dashboard_archived_experiments", 10),
        (DELETE, "chaos_dashboard_http_request_duration_seconds_count", 2),
        ({"restart": "controller-manager"}, EXPERIMENTS, 10),
        ({"scale": {"component": "controller-manager", "replicas": 3}}, "up", 10),
        ({"remove_namespace": "second"}, EXPERIMENTS, 10),
        ({"apply": "it", "until": "injecting"}, "grpc_server_handled_total", 10),
        ({"pause": "it"}, "grpc_server_handled_total", 10),
        ({"pause": "it"}, EXPERIMENTS, 2),
        ({"resume": "it"}, "grpc_server_handled_total", 2),
        ({"apply": "it", "until": "running"}, "mini_node_clock_seconds", 10),
        ({"apply": "it", "until": "running"}, "up", 10),
        ({"wait": 1}, EVENTS, 10),
    ],
)
def test_where_nothing_tells_when_it_became_true_the_product_has_its_time(step, metric, scrapes):
    assert promptness(step, metric=metric, equals=1).scrapes == scrapes


def test_a_component_that_starts_anew_has_its_time_whatever_an_oracle_says():
    compared = {"metric": EXPERIMENTS, "series": {"oracle": "experiments"}}
    assert promptness({"restart": "controller-manager"}, **compared).scrapes == 10
    assert promptness({"apply": "it"}, **compared).scrapes == 2


def test_a_target_that_has_to_be_found_first_has_its_time_whatever_an_oracle_says():
    started = {"metric": "mini_node_process_start_time_seconds", "equals": {"oracle": "container-started"}}
    assert promptness(kind="PodChaos", **started).scrapes == 10
    assert promptness(kind="TimeChaos", **started).scrapes == 2


def test_where_a_step_waits_for_nothing_the_oracle_of_the_metric_is_followed():
    own = {"metric": EXPERIMENTS, "where": {"namespace": "ns"}, "present": True}
    found = promptness({"apply": "it"}, **own)
    assert (found.scrapes, found.oracle, found.key) == (2, "experiments", "{}")
    assert promptness(**own).oracle == ""
    narrowed = {**own, "where": {"namespace": "ns", "kind": "PodChaos"}}
    assert promptness({"apply": "it"}, **narrowed).key == '{"kind":"PodChaos"}'


@pytest.mark.parametrize(
    ("kind", "metric", "scrapes"),
    [
        ("Workflow", EXPERIMENTS, 10),
        ("Schedule", "chaos_dashboard_archived_schedules", 10),
        ("PodChaos", "chaos_daemon_tcs_rules", 10),
        ("PodChaos", EXPERIMENTS, 2),
        ("NetworkChaos", "chaos_daemon_tcs_rules", 2),
    ],
)
def test_what_is_made_or_started_later_has_its_time(kind, metric, scrapes):
    assert promptness(kind=kind, metric=metric, equals=1).scrapes == scrapes


def test_what_a_workflow_makes_is_told_by_the_oracle():
    own = {"metric": EXPERIMENTS, "where": {"namespace": "ns"}, "present": True}
    assert promptness(kind="Workflow", **own).oracle == "experiments"
