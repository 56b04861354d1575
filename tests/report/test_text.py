"""What a person reads of a scenario that did not pass, word by word."""

import math

import pytest

from harness.judge.argument import labels_text
from harness.judge.finding import Finding, Verdict
from harness.report.text import finding_lines, leftovers_text, scenario_text, wrong_lines
from harness.results.places import SourceLine
from harness.results.results import Results, Run
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult

TARGET = {"job": "controller-manager", "instance": "10.0.1.1:10080", "node": "n1"}
# 2026-01-01T00:00:00Z
MIDNIGHT = 1_767_225_600.0


def finding(verdict=Verdict.FAIL, **changes):
    fields = {
        "id": "0.0",
        "step": 0,
        "metric": "things",
        "kind": "equals",
        "promql": 'things{namespace="ns"}',
        "expected": "equal to 1",
        "actual": [{"labels": {"phase": "running", "kind": "PodChaos"}, "value": 2.0}],
        "verdict": verdict,
        "reason": "the value is 2",
    }
    return Finding(**(fields | changes))


def reading(began, vector):
    """An oracle's answer as evidence; seconds after midnight."""
    began += MIDNIGHT
    return {"oracle": "experiments", "key": "{}", "began": began, "ended": began + 0.1, "vector": vector}


def text(finding):
    return "\n".join(finding_lines(finding))


def scenario(*steps, verdict=Verdict.FAIL, **changes):
    return ScenarioResult(name="example", file="example.yaml", verdict=verdict, steps=list(steps), **changes)


def test_a_failed_finding():
    labels = {**TARGET, "kind": "PodChaos"}
    samples = [[MIDNIGHT + n + 0.25, float(n)] for n in range(8)]
    shown = finding(
        because="one experiment runs",
        layer="late",
        evidence={
            "baseline": [{"labels": {}, "value": 0}],
            "samples": [{"labels": labels, "samples": samples}],
            "readings": [reading(3.0, []), reading(4.0, [])],
            "resets": [],
            "deadline": 5.0,
        },
        explanation=["It is late, not wrong.", "It came later."],
    )
    assert text(shown) == (
        "failed: things equals\n"
        '  promql:   things{namespace="ns"}\n'
        "  expected: equal to 1\n"
        '  actual:   {kind="PodChaos", phase="running"} 2\n'
        "  reason:   the value is 2\n"
        "  because:  one experiment runs\n"
        "  layer:    late\n"
        "    It is late, not wrong.\n"
        "    It came later.\n"
        "  samples (scrape time, value):\n"
        '    {kind="PodChaos"}: 00:00:02.250 2, 00:00:03.250 3, 00:00:04.250 4, '
        "00:00:05.250 5, 00:00:06.250 6, 00:00:07.250 7\n"
        "  said by oracles:\n"
        "    experiments, 00:00:03.000 to 00:00:04.100: nothing"
    )


def test_no_series_and_the_nearest():
    differs = {
        "phase": {"wanted": "running", "found": "paused"},
        "kind": {"wanted": {"not": "X"}, "found": "X"},
    }
    near = [
        {"labels": {"n": str(n)}, "differs": differs, "last_seen": MIDNIGHT, "value": n} for n in range(6)
    ]
    shown = finding(actual=[], reason="no series", evidence={"nearest": near})
    words = 'at 00:00:00.000: phase is "paused", wanted "running"; kind is "X", wanted not "X"'
    assert text(shown) == (
        "failed: things equals\n"
        '  promql:   things{namespace="ns"}\n'
        "  expected: equal to 1\n"
        "  actual:   no series\n"
        "  reason:   no series\n"
        "  nearest series:\n"
        f'    {{n="0"}} 0 {words}\n'
        f'    {{n="1"}} 1 {words}\n'
        f'    {{n="2"}} 2 {words}\n'
        f'    {{n="3"}} 3 {words}\n'
        "    ... and 2 more rows, in results.json"
    )


def test_a_time_in_a_reason_is_shown_as_on_a_clock_and_other_numbers_are_not():
    shown = finding(reason=f"was right at {MIDNIGHT:.3f} and wrong again: 123.456, 12345678901.000, 2")
    assert "  reason:   was right at 00:00:00.000 and wrong again: 123.456, 12345678901.000, 2" in text(shown)


def test_listed_series_are_a_table():
    rows = [
        {"labels": {**TARGET, "phase": "paused"}, "expected": None, "actual": math.nan},
        {"labels": {"kind": "PodChaos", "phase": "running"}, "expected": "at least 1", "actual": None},
    ]
    lines = text(finding(evidence={"table": rows})).splitlines()
    assert lines[3:7] == [
        "  actual:",
        "    series                              expected    actual",
        '    {phase="paused"}                    -           NaN',
        '    {kind="PodChaos", phase="running"}  at least 1  -',
    ]
    lines = text(finding(evidence={"table": rows * 7})).splitlines()
    assert lines[17] == "    ... and 2 more series"


def test_what_a_counter_grew_by():
    row = {"labels": {"code": "OK"}, "value": 3.0, "baseline": 1.0, "increase": 2.0}
    resets = [{"labels": {"code": "OK"}, "time": MIDNIGHT, "before": 5.0, "after": 0.0}]
    lines = text(finding(actual=[row], evidence={"resets": resets})).splitlines()
    assert lines[3] == '  actual:   {code="OK"} 3, grew by 2 from 1'
    assert lines[-2:] == ["  resets:", '    {code="OK"}: from 5 to 0 at 00:00:00.000']


def test_what_the_component_exposed_and_the_oracle_said():
    look = {"target": "daemon/one", "began": MIDNIGHT, "metric_type": "gauge", "error": None, "left_out": 0}
    looks = [
        {**look, "exposed": [{"labels": {"n": "1"}, "value": 2.0}]},
        {**look, "exposed": [], "metric_type": ""},
        {**look, "exposed": [{"labels": {}, "value": n} for n in range(5)], "left_out": 3},
        {**look, "error": "HTTP 503", "exposed": []},
    ]
    truth = {"oracle": "managed-processes", "points": [{"labels": {}, "value": 2.0}], "left_out": 0}
    lines = text(finding(evidence={"looks": looks, "truth": truth})).splitlines()
    assert lines[5:] == [
        "  exposed by the component itself:",
        '    daemon/one at 00:00:00.000 (gauge): {n="1"} 2',
        "    daemon/one at 00:00:00.000: no series",
        "    daemon/one at 00:00:00.000 (gauge): {} 0; {} 1; {} 2; {} 3; ... and 4 more series",
        "    daemon/one at 00:00:00.000: HTTP 503",
        "  said by oracles:",
        "    managed-processes, around the look, of what is selected: 2",
    ]


def test_scrapes_without_samples_are_shown():
    scrapes = [
        {"target": "daemon/one", "time": MIDNIGHT, "duration": 0.25, "up": True},
        {"target": "daemon/two", "time": MIDNIGHT, "duration": None, "up": False},
    ]
    lines = text(finding(actual=[], evidence={"scrapes": scrapes, "samples": []})).splitlines()
    assert lines[-3:] == [
        "  decided by the scrapes:",
        "    daemon/one 00:00:00.000, took 0.250 s, up",
        "    daemon/two 00:00:00.000, down",
    ]


def test_an_error():
    shown = finding(
        Verdict.ERROR, actual=[], reason="not scraped since the step settled", layer="infrastructure"
    )
    assert text(shown) == (
        "error: things equals\n"
        '  promql:   things{namespace="ns"}\n'
        "  expected: equal to 1\n"
        "  actual:   no series\n"
        "  reason:   not scraped since the step settled\n"
        "  layer:    infrastructure"
    )


def test_what_only_should_hold_says_so():
    assert text(finding(level="should")).splitlines()[0] == "failed (should): things equals"


def test_a_known_issue_is_named():
    shown = finding(Verdict.KNOWN_ISSUE, known_issue="pod-kill-twice", reason="known issue pod-kill-twice: 2")
    assert text(shown).splitlines()[0] == "known issue: things equals [pod-kill-twice]"
    assert text(shown).splitlines()[-1] == "  reason:   known issue pod-kill-twice: 2"


@pytest.mark.parametrize(
    ("number", "more"), [(12, []), (13, ["... and 1 more series"]), (40, ["... and 28 more series"])]
)
def test_many_series_are_cut_off(number, more):
    shown = finding(actual=[{"labels": {"n": str(n)}, "value": float(n)} for n in range(number)])
    lines = [line for line in finding_lines(shown) if "{n=" in line or "more series" in line]
    assert lines == [
        '  actual:   {n="0"} 0',
        *(f'            {{n="{n}"}} {n}' for n in range(1, 12)),
        *(f"            {words}" for words in more),
    ]


def test_samples_of_many_series_are_cut_off():
    rows = [{"labels": {"n": str(n)}, "samples": [[MIDNIGHT, 1.0]]} for n in range(6)]
    lines = finding_lines(finding(evidence={"samples": rows}))
    assert lines[-6:] == [
        "  samples (scrape time, value):",
        '    {n="0"}: 00:00:00.000 1',
        '    {n="1"}: 00:00:00.000 1',
        '    {n="2"}: 00:00:00.000 1',
        '    {n="3"}: 00:00:00.000 1',
        "    ... and 2 more rows, in results.json",
    ]


def test_a_value_that_is_no_number():
    shown = finding(actual=[{"labels": {}, "value": math.nan}])
    assert "  actual:   {} NaN" in finding_lines(shown)


def test_label_sets_are_sorted():
    assert labels_text({"b": "2", "a": "1"}) == '{a="1", b="2"}'
    assert labels_text({}) == "{}"


def test_a_scenario_shows_what_went_wrong_and_leaves_out_the_rest():
    good, bad = finding(Verdict.PASS, metric="fine"), finding()
    problem = StepProblem(kind="until", reason="it is injecting", details=["phase injecting", "no target"])
    result = scenario(
        StepResult(title="wait 1 scrape", findings=[good]),
        StepResult(title="apply burn", findings=[good, bad]),
        StepResult(title="delete burn", problem=problem),
        recording="report/recordings/example",
    )
    assert scenario_text(result) == (
        "example: failed\n"
        "  step 2: apply burn\n"
        "    failed: things equals\n"
        '      promql:   things{namespace="ns"}\n'
        "      expected: equal to 1\n"
        '      actual:   {kind="PodChaos", phase="running"} 2\n'
        "      reason:   the value is 2\n"
        "  step 3: delete burn\n"
        "    until: it is injecting\n"
        "      phase injecting\n"
        "      no target\n"
        "  recording: report/recordings/example"
    )


def test_an_error_of_the_infrastructure_says_what_to_do():
    result = scenario(
        verdict=Verdict.ERROR,
        reason="Prometheus has not answered for 6 s",
        details=["cannot query Prometheus: no answer", "", "look at its pod"],
    )
    assert scenario_text(result) == (
        "example: error\n"
        "  Prometheus has not answered for 6 s\n"
        "  cannot query Prometheus: no answer\n"
        "  look at its pod"
    )


def test_leftovers():
    result = scenario(
        leftovers=[
            Leftover(kind="NetworkChaos", name="cut", what_was_done="its finalizers were removed"),
            Leftover(kind="Namespace", name="example-1", what_was_done="still there after 30 s"),
        ]
    )
    text = (
        "the clean-up of example found leftovers:\n"
        "  NetworkChaos cut: its finalizers were removed\n"
        "  Namespace example-1: still there after 30 s"
    )
    assert leftovers_text(result) == text
    result.places[""] = SourceLine(file="s.yaml", line=1)
    assert leftovers_text(result) == f"s.yaml:1 {text}"


def test_the_last_lines_have_the_first_line_of_each_failure_up_to_a_number():
    problem = StepProblem(kind="until", reason="never")
    failed = StepResult(title="apply burn", problem=problem)
    results = Results(run=Run(id="abc", harness="0.1.0", started="2026-01-01T00:00:00+00:00"))
    results.add(scenario(failed, verdict=Verdict.FAIL))
    results.add(scenario(StepResult(title="wait"), verdict=Verdict.PASS).model_copy(update={"name": "good"}))
    assert wrong_lines(results) == ["step 1 (apply burn): until: never"]
    results.add(scenario(*[failed] * 21, verdict=Verdict.FAIL).model_copy(update={"name": "many"}))
    lines = wrong_lines(results)
    assert (len(lines), lines[-1]) == (21, "and 2 more, in results.json")
