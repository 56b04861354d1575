"""The words of a finding."""

import pytest

from harness.judge.finding import Finding, Verdict
from harness.judge.wording import expectation, sentence, subject, with_clock


def finding(**changes):
    fields = {
        "id": "1.0",
        "step": 1,
        "metric": "m",
        "kind": "equals",
        "promql": "m{}",
        "expected": "1",
        "actual": [],
        "verdict": Verdict.FAIL,
        "reason": "the value is 2 at 1795402188.591",
    }
    return Finding(**fields | changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "failed: m equals: the value is 2 at 02:49:48.591"),
        ({"metric": "", "promql": "sum(m)"}, "failed: sum(m) equals: the value is 2 at 02:49:48.591"),
        (
            {"verdict": Verdict.ERROR, "level": "should", "reason": "down"},
            "error (should): m equals: down",
        ),
        (
            {"verdict": Verdict.KNOWN_ISSUE, "known_issue": "pods-stay", "reason": "2"},
            "known issue: m equals [pods-stay]: 2",
        ),
    ],
)
def test_a_finding_in_one_line(changes, text):
    assert sentence(finding(**changes)) == text


def test_an_expectation_is_named_by_its_place_and_kind():
    assert expectation(finding()) == "expectation 1.0 (equals)"
    assert subject(finding(metric="", promql="sum(m)")) == "sum(m)"


def test_only_times_of_this_century_are_shown_as_a_clock():
    assert with_clock("12345.678 of 1795402188.591234 and m1795402188.591") == (
        "12345.678 of 1795402188.591234 and m1795402188.591"
    )
