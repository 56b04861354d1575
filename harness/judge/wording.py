"""The words of a finding: whoever shows one, or names it, takes them from here."""

from __future__ import annotations

import re

from harness.base.words import nth_expectation
from harness.judge.argument import number_text, time_text
from harness.judge.finding import Finding, Verdict
from harness.judge.terms import FIXED

_EPOCH = re.compile(r"(?<![\w.])\d{10}\.\d{3}(?![\w.])")
"""A time in a reason: to thousandths of a second, and of this century."""


def with_clock(reason: str) -> str:
    """Return a reason with the times in it as a clock shows them."""
    return _EPOCH.sub(lambda found: time_text(float(found.group())), reason)


def subject(finding: Finding) -> str:
    """Return what a finding is about: the metric, or the expression."""
    return finding.metric or finding.promql


def head(finding: Finding) -> str:
    """Return how an expectation came out: "failed: METRIC equals", "known issue: METRIC equals [ID]"."""
    only = " (should)" if finding.level == "should" else ""
    issue = f" [{finding.known_issue}]" if finding.known_issue else ""
    return f"{finding.verdict.words}{only}: {subject(finding)} {finding.kind}{issue}"


def sentence(finding: Finding) -> str:
    """Return how an expectation came out, and why, in one line."""
    return f"{head(finding)}: {with_clock(finding.reason)}"


def gist(finding: Finding) -> str:
    """Return what was expected of what, and what was seen: `m{a="b"}: expected 2, got 1 [product]`.

    Where the two would look the same, or say nothing, the reason is in their place.
    """
    layer = f" [{finding.layer}]" if finding.layer else ""
    got = _got(finding)
    wanted = finding.expected.removeprefix("equal to ")
    told = with_clock(finding.reason) if got is None else f"expected {wanted}, got {got}"
    return f"{finding.promql or finding.metric}: {told}{layer}"


def _got(finding: Finding) -> str | None:
    """Return what was seen in a few words; None where only the reason tells what is wrong."""
    late = finding.layer == "late" or finding.reason.startswith(FIXED)
    if finding.verdict is not Verdict.FAIL or late or "table" in finding.evidence or len(finding.actual) > 1:
        return None
    if not finding.actual:
        return "no series"
    (seen,) = finding.actual
    if "increase" in seen:
        return f"an increase of {number_text(float(seen['increase']))}"
    return number_text(float(seen["value"]))


def expectation(finding: Finding) -> str:
    """Return what tells an expectation from all others of its scenario: "step 2, expectation 1 (equals)"."""
    return f"{nth_expectation(finding.id)} ({finding.kind})"
