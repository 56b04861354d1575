"""The times to visibility of a run, metric by metric, in results.json."""

import json

from harness.judge.finding import Finding, Verdict
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult, StepResult


def finding(identity, seconds, *, metric="things", promql="things", verdict=Verdict.PASS):
    evidence = {} if seconds is None else {"visibility": {"produced": "at_scrape", "seconds": seconds}}
    return Finding(
        id=identity,
        step=0,
        metric=metric,
        kind="equals",
        promql=promql,
        expected="1",
        actual=[],
        verdict=verdict,
        reason="",
        evidence=evidence,
    )


def scenario(name, *findings):
    return ScenarioResult(name=name, file="s.yaml", steps=[StepResult(title="apply", findings=[*findings])])


def test_results_tell_the_time_to_visibility_of_each_metric(tmp_path):
    results = Results(run=Run(id="r", harness="1", started="now"))
    results.add(scenario("one", finding("0.0", 0.4), finding("0.1", 0.9), finding("0.2", None)))
    results.add(scenario("two", finding("0.0", 5.5, verdict=Verdict.FAIL)))
    results.add(scenario("three", finding("0.0", 0.1, metric="", promql="sum(things)")))
    written = json.loads(results.write(tmp_path).read_text())
    assert written["visibility"] == [
        {
            "metric": "things",
            "produced": "at_scrape",
            "count": 3,
            "median": 0.9,
            "longest": 5.5,
            "scenario": "two",
            "finding": "0.0",
        },
        {
            "metric": "sum(things)",
            "produced": "at_scrape",
            "count": 1,
            "median": 0.1,
            "longest": 0.1,
            "scenario": "three",
            "finding": "0.0",
        },
    ]


def test_of_a_run_in_which_nothing_had_to_become_visible_nothing_is_told():
    results = Results(run=Run(id="r", harness="1", started="now"))
    results.add(scenario("one", finding("0.0", None)))
    assert results.visibility == []
