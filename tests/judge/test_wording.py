"""The words of a finding."""

from typing import Any

import pytest

from harness.judge.finding import Finding, Verdict
from harness.judge.wording import expectation, gist, sentence, subject, with_clock


def finding(**changes):
    fields: dict[str, Any] = {
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
    assert expectation(finding()) == "step 2, expectation 1 (equals)"
    assert subject(finding(metric="", promql="sum(m)")) == "sum(m)"


def test_only_times_of_this_century_are_shown_as_a_clock():
    assert with_clock("12345.678 of 1795402188.591234 and m1795402188.591") == (
        "12345.678 of 1795402188.591234 and m1795402188.591"
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "m{}: expected 2, got 1 [product]"),
        ({"layer": None}, "m{}: expected 2, got 1"),
        ({"actual": []}, "m{}: expected 2, got no series [product]"),
        (
            {"expected": "an increase of 2", "actual": [{"labels": {}, "value": 9, "increase": 1}]},
            "m{}: expected an increase of 2, got an increase of 1 [product]",
        ),
        ({"layer": "late", "reason": "true 3 s late"}, "m{}: true 3 s late [late]"),
        ({"reason": "fixed upstream? it is right"}, "m{}: fixed upstream? it is right [product]"),
        ({"verdict": Verdict.ERROR, "reason": "target down"}, "m{}: target down [product]"),
        ({"evidence": {"table": [{}]}, "reason": "1 series differs"}, "m{}: 1 series differs [product]"),
        ({"actual": [{"labels": {}, "value": 1}] * 2, "reason": "two"}, "m{}: two [product]"),
    ],
)
def test_what_was_expected_and_what_was_seen(changes, text):
    seen = {"expected": "equal to 2", "actual": [{"labels": {}, "value": 1.0}], "layer": "product"}
    assert gist(finding(**seen | changes)) == text
