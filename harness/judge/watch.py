"""Looks on at gauges that were right when their step ended, until something is done that may change them.

A value that flickers, 0 in one scrape of ten, is seen in a step only if the step happens to be long. So what
has passed is looked at in every scrape between its step and the first later one that does not spare it:
between the steps, and while steps are performed that have nothing to do with it. The recording says which
these are (recording/model.py, SPARES); one from before there was a watch has none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.judge.explain import explain
from harness.judge.finding import Finding
from harness.judge.foreign import unless_foreign
from harness.judge.judge import Judge
from harness.judge.overload import inconclusive
from harness.recording.model import SPARES, Expected, Recording


def watch(recording: Recording, judging: Judge, findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return the findings that a whole recording makes failures, explained, by their ids.

    Args:
        recording: of all steps.
        judging: the judge that judged each step at its end.
        findings: of the steps that have ended.
    """
    ended = {finding.id for finding in findings}
    revised: dict[str, Finding] = {}
    for expected in recording.expected:
        if not expected.watched or expected.id not in ended:
            continue
        case = judging.case(expected)
        finding = case.watch(watched_until(recording, expected))
        if finding is not None:
            # What flickers is wrong whenever it is looked at, but where the component could not act.
            finding = inconclusive(recording, expected, finding, math.inf, timeless=True)
            finding = unless_foreign(recording, expected, finding)
            revised[expected.id] = explain(case.given, finding)
    return revised


def watched_until(recording: Recording, expected: Expected) -> float:
    """Return the time at which the first later step starts that may change it; infinity without any."""
    starts = (
        mark.time
        for mark in recording.marks
        if mark.name == "started"
        and mark.step > expected.step
        and expected.id not in mark.detail.get(SPARES, [])
    )
    return min(starts, default=math.inf)
