from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.judge.finding import Finding, Verdict
from harness.report.in_prometheus import prometheus_link
from harness.results.scenario import ScenarioResult, StepResult

EXPRESSION = 'sum(rate(m_total{pod="a&b"}[1m]))'


def finding(**fields: Any) -> Finding:
    common: dict[str, Any] = {"metric": "", "kind": "equals", "expected": "1", "actual": [], "reason": "2"}
    return Finding(id="0.0", promql=EXPRESSION, verdict=Verdict.FAIL, **({"step": 0} | common | fields))


def address(found, url="https://prometheus.example/prefix/", **times):
    result = ScenarioResult(name="s", file="s.yaml", steps=[StepResult(title="apply", **times)])
    link = prometheus_link(found, result, {"target": {"prometheus_url": url}})
    return link and link.address


def test_it_opens_the_expression_at_the_scrape_that_decided():
    link = address(finding(seconds=5.0), acknowledged=1795402176.0)
    assert link is not None
    assert link.startswith("https://prometheus.example/prefix/graph?")
    assert parse_qs(urlsplit(link).query) == {
        "g0.expr": [EXPRESSION],
        "g0.tab": ["0"],
        "g0.range_input": ["5m"],
        "g0.end_input": ["2026-11-23 02:50:11"],
        "g0.moment_input": ["2026-11-23 02:49:41"],
    }


def test_what_was_not_decided_opens_at_the_end_of_its_step():
    link = address(finding(), ended=0.0)
    assert link is not None
    assert parse_qs(urlsplit(link).query)["g0.moment_input"] == ["1970-01-01 00:00:00"]


@pytest.mark.parametrize(
    "url", [None, 5, "", "javascript:alert(1)", "file:///etc/passwd", "https://", "http://[", "http://a?b"]
)
def test_without_an_address_that_a_browser_may_open_there_is_no_link(url):
    assert address(finding(), url, ended=1.0) is None


@pytest.mark.parametrize("step", [-1, 1])
def test_without_a_time_there_is_no_link(step):
    assert address(finding(step=step), ended=1.0) is None
    assert address(finding()) is None
    assert address(finding(), ended=1e300) is None


def test_a_run_that_made_its_own_prometheus_knows_no_address():
    result = ScenarioResult(name="s", file="s.yaml", steps=[StepResult(title="apply", ended=1.0)])
    assert prometheus_link(finding(), result, {}) is None
    assert prometheus_link(finding(), result, {"target": "x"}) is None
