"""How long until a scrape shows what an action did."""

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.recording.model import KubernetesEvent, Mark
from harness.report.html.visibility import VisibilityDelay, delays, spreads
from harness.results.scenario import ScenarioResult, StepResult
from tests.fakes.recordings import SETTLED, Timeline, expected
from tests.report.html.test_timeline import finding

GAUGE = "chaos_controller_manager_chaos_experiments"


def found(values, *, applied=None, action="apply", verdict=Verdict.PASS):
    made = Timeline(action=action)
    for index, value in enumerate(values):
        made.scrape(103.0 + index, [] if value is None else [(GAUGE, {}, value)])
    if applied is not None:
        made.at(
            106.0,
            KubernetesEvent(
                time=applied,
                namespace="ns",
                kind="StressChaos",
                object="burn",
                component="records",
                event_type="Normal",
                reason="Applied",
                message="",
            ),
        )
    made.at(SETTLED, expected(metric=GAUGE, equals=1)).at(110.0, Mark(time=110.0, step=0, name="ended"))
    told = finding(metric=GAUGE, promql=GAUGE, verdict=verdict)
    result = ScenarioResult(
        name="s", file="s.yaml", steps=[StepResult(title="apply it", findings=[told, told])]
    )
    return [*delays(result, made.recording(), catalogue())]


def test_from_the_first_target_hit_to_the_first_scrape_that_changed():
    assert found([None, None, 1, 1], applied=103.9) == [VisibilityDelay(GAUGE, "apply", "s", 1.1)]


def test_without_an_event_from_the_acknowledgement():
    assert found([2, 2, 2, 3])[0].seconds == 2.3


def test_a_scrape_before_the_event_counts_as_none():
    assert found([None, 1, 1], applied=104.2)[0].seconds == 0


def test_what_did_not_change_or_did_not_pass_tells_nothing():
    assert found([1, 1, 1, 1]) == []
    assert found([None, 1, 1], verdict=Verdict.FAIL) == []
    assert found([None, 1, 1], action="wait") == []


def test_spreads_are_by_metric_and_action_the_slowest_first():
    told = [
        VisibilityDelay("a", "apply", "s1", 3.0),
        VisibilityDelay("a", "apply", "s2", 1.0),
        VisibilityDelay("b", "apply", "s1", 5.0),
        VisibilityDelay("a", "delete", "s1", 9.0),
    ]
    made = spreads(told)
    assert [(each.metric, each.action, each.seconds, each.median) for each in made] == [
        ("b", "apply", [5.0], 5.0),
        ("a", "apply", [1.0, 3.0], 2.0),
        ("a", "delete", [9.0], 9.0),
    ]
