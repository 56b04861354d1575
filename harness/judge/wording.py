"""The words of a finding: whoever shows one, or names it, takes them from here."""

from __future__ import annotations

import re

from harness.judge.argument import time_text
from harness.judge.finding import Finding

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


def expectation(finding: Finding) -> str:
    """Return what tells an expectation from all others of its scenario: "expectation 1.0 (equals)"."""
    return f"expectation {finding.id} ({finding.kind})"
