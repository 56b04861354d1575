"""Which metric was looked at under which chaos."""

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.report.html.matrix import EXPRESSIONS, NO_CHAOS, matrix
from harness.report.html.view import ScenarioView
from harness.results.scenario import ScenarioResult, StepResult
from tests.report.html.test_timeline import finding

GAUGE = "chaos_controller_manager_chaos_experiments"


def view(name, kinds, *findings):
    result = ScenarioResult(name=name, file="s.yaml", steps=[StepResult(title="t", findings=list(findings))])
    return ScenarioView(result, f"s-{name}", kinds=kinds)


def cell(made, metric, kind):
    (row,) = [row for row in made.rows if row.metric == metric]
    return row.cells.get(kind)


def test_a_cell_has_each_scenario_with_its_worst():
    good, bad = finding(metric=GAUGE), finding(metric=GAUGE, verdict=Verdict.FAIL)
    made = matrix(
        [view("a", ["PodChaos"], good, bad), view("b", ["PodChaos", "Workflow"], good)], catalogue()
    )
    found = cell(made, GAUGE, "PodChaos")
    assert [(each.anchor, verdict) for each, verdict in found.verdicts] == [
        ("s-a", Verdict.FAIL),
        ("s-b", Verdict.PASS),
    ]
    assert (found.expectations, found.worst) == (3, Verdict.FAIL)
    assert cell(made, GAUGE, "Workflow").worst is Verdict.PASS
    assert made.kinds == ["PodChaos", "Workflow"]


def test_a_should_does_not_colour_what_must_hold():
    good = finding(metric=GAUGE)
    should = finding(metric=GAUGE, verdict=Verdict.FAIL, level="should")
    assert cell(matrix([view("a", [], good, should)], catalogue()), GAUGE, NO_CHAOS).worst is Verdict.PASS
    assert cell(matrix([view("a", [], should)], catalogue()), GAUGE, NO_CHAOS).worst is Verdict.FAIL


def test_series_of_a_histogram_are_one_metric():
    parts = [
        finding(metric=f"chaos_dashboard_http_request_duration_seconds_{part}") for part in ("count", "sum")
    ]
    made = matrix([view("a", [], *parts)], catalogue())
    assert [row.metric for row in made.rows] == ["chaos_dashboard_http_request_duration_seconds"]


def test_expressions_have_a_row_of_their_own():
    made = matrix([view("a", [], finding(metric="", promql="sum(things)"))], catalogue())
    assert cell(made, EXPRESSIONS, NO_CHAOS).expectations == 1


def test_what_nobody_looked_at_is_named():
    made = matrix([view("a", [], finding(metric=GAUGE))], catalogue())
    assert GAUGE not in made.not_looked_at
    assert "chaos_daemon_ipset_members" in made.not_looked_at
