"""What a timeline shows, as data: series with their gaps, growth, oracles, windows, steps."""

import math
from typing import Any

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Finding, Verdict
from harness.recording.reader import read
from harness.report.html.timeline import MOST_LINES, distinguishing, timeline
from harness.results.scenario import ScenarioResult, StepResult
from tests.fakes.recordings import SETTLED, STARTED, Timeline, expected
from tests.fakes.run import RECORDINGS, scenario

COUNTER = "chaos_daemon_bpm_controlled_process_total"


def finding(**changes):
    fields: dict[str, Any] = {
        "id": "0.0",
        "step": 0,
        "metric": "things",
        "kind": "equals",
        "promql": "things",
        "expected": "equal to 1",
        "actual": [],
        "verdict": Verdict.PASS,
        "reason": "true at 105.000",
        "seconds": 1.3,
    }
    return Finding(**(fields | changes))


def shown(made, *findings, **spec):
    """Return the timeline of one step about one metric, `things` by default."""
    made.at(SETTLED, expected(**(spec or {"equals": 1})))
    result = ScenarioResult(
        name="s", file="s.yaml", steps=[StepResult(title="apply it", findings=list(findings) or [finding()])]
    )
    return timeline(result, made.recording(), catalogue())


def panel(made, *findings, **spec):
    (only,) = shown(made, *findings, **spec).panels
    return only


def test_samples_have_the_times_of_their_scrapes_and_a_gap_where_the_series_was_not():
    (line,) = panel(Timeline().values([0, 0, 0, 1, None, None, 2])).lines
    assert [time for time, _ in line.points] == [103.0, 104.0, 106.0]
    assert [value for _, value in line.points[::2]] == [1.0, 2.0]
    assert math.isnan(line.points[1][1])


def test_each_scrape_tells_whether_it_had_a_series_or_failed():
    ticks = panel(Timeline().values([0, 0, 0, 1, None, "down"])).ticks
    assert [(tick.time, tick.up, tick.present) for tick in ticks] == [
        (103.0, True, True),
        (104.0, True, False),
        (105.0, False, False),
    ]


def test_series_that_are_not_selected_are_not_shown():
    made = Timeline()
    for time in (103.0, 104.0, 105.0):
        made.scrape(time, [({"phase": "running"}, 1), ({"phase": "paused"}, 7)])
    (line,) = panel(made, equals=1, where={"phase": "running"}).lines
    assert (line.label, [value for _, value in line.points]) == ("running", [1.0, 1.0, 1.0])


def test_a_counter_is_shown_by_its_growth_when_that_is_what_is_expected():
    made = Timeline()
    for time, value in ((103.0, 40), (104.0, 40), (105.0, 41)):
        made.scrape(time, [(COUNTER, {}, value)])
    about = finding(metric=COUNTER, kind="increases_by", promql=COUNTER)
    only = panel(made, about, metric=COUNTER, increases_by=1)
    assert only.growth
    assert [value for _, value in only.lines[0].points] == [0, 0, 1]


def test_a_counter_that_was_not_there_grows_from_nothing():
    made = Timeline().scrape(103.0)
    made.scrape(104.0, [(COUNTER, {}, 2)])
    about = finding(metric=COUNTER, kind="increases_by", promql=COUNTER)
    (line,) = panel(made, about, metric=COUNTER, increases_by=2).lines
    assert line.points == [(104.0, 2.0)]


def test_a_gauge_is_shown_as_it_is():
    only = panel(Timeline().values([5, 5, 5, 5, 6]), finding(kind="unchanged"), unchanged=True)
    assert (only.growth, only.lines[0].points[-1]) == (False, (104.0, 6.0))


def test_what_an_oracle_said_is_a_line_of_its_own_that_ends_when_it_says_it_no_more():
    made = Timeline().values([1, 1, 1, 1, 1, 1])
    made.reading(104.1, [({"pod": "a"}, 1), ({"pod": "b"}, 2)]).reading(105.2, [({"pod": "a"}, 3)])
    reading = {"oracle": "truth", "key": "{}"}
    lines = panel(made, finding(evidence={"readings": [reading]})).lines
    assert [(line.label, line.oracle) for line in lines] == [
        ("", False),
        ("oracle truth a", True),
        ("oracle truth b", True),
    ]
    assert [value for _, value in lines[1].points] == [1, 3]
    assert math.isnan(lines[2].points[-1][1])


def test_answers_to_an_expression():
    made = Timeline().answers([None, None, None, 4, 5])
    about = finding(metric="", promql="sum(things)", kind="equals")
    only = panel(made, about, promql="sum(things)", equals=1)
    assert only.subject == "sum(things)"
    assert only.lines[0].points == [(103.0, 4.0), (104.0, 5.0)]


def test_the_window_of_an_expectation_ends_where_it_was_decided():
    wrong = finding(verdict=Verdict.FAIL, evidence={"deadline": 114.0})
    (window,) = panel(Timeline().values([1] * 8), wrong).windows
    assert (window.began, window.decided, window.deadline) == (SETTLED, SETTLED - 0.3 + 1.3, 114.0)
    assert window.text == "step 1: equals: failed; expected equal to 1"


def test_of_many_series_those_that_change_are_shown():
    made = Timeline()
    for time in (103.0, 104.0):
        many = [({"n": str(n)}, 0) for n in range(MOST_LINES + 3)]
        made.scrape(time, [*many, ({"n": "changes"}, time)])
    only = panel(made)
    assert len(only.lines) == MOST_LINES
    assert only.left_out == 4
    assert only.lines[0].label == "changes"


def test_what_went_wrong_comes_first():
    made = Timeline().values([1] * 6)
    made.at(SETTLED, expected(identity="0.1", metric="others", equals=1))
    findings = [finding(), finding(id="0.1", metric="others", promql="others", verdict=Verdict.FAIL)]
    assert [each.subject for each in shown(made, *findings).panels] == ["others", "things"]


def test_without_a_step_there_is_nothing_to_show():
    recording = Timeline().recording()
    recording.marks.clear()
    assert timeline(ScenarioResult(name="s", file="s.yaml"), recording, catalogue()) is None


def test_labels_that_tell_series_apart():
    common = {"job": "j", "namespace": "ns"}
    assert distinguishing([{**common, "phase": "running"}]) == ["running"]
    assert distinguishing([{**common, "a": "1", "b": "x"}, {**common, "a": "2", "b": "x"}]) == ["1", "2"]
    assert distinguishing([{**common, "instance": "p"}, {**common, "instance": "q"}]) == ["p", "q"]
    assert distinguishing([{"a": "1"}, {}]) == ["1", "-"]


def test_a_real_recording(tmp_path):
    result = scenario(tmp_path, "network-partition")
    recording, _ = read(RECORDINGS / "network-partition")
    made = timeline(result, recording, catalogue())
    assert made is not None
    assert [step.title for step in made.steps] == recording.manifest.steps
    assert sum(len(panel.windows) for panel in made.panels) == len(result.findings())
    assert made.panels[0].subject == "chaos_daemon_ipset_members", "the known issue comes first"
    assert made.began == made.steps[0].began - 1.0 < STARTED + made.ended
