"""Judges a finished recording with the code that judged it live, and so comes to the same findings."""

from __future__ import annotations

from collections.abc import Iterable

from harness.judge.endings import Endings
from harness.judge.explain import explain
from harness.judge.finding import Finding, Pending
from harness.judge.foreign import unless_foreign
from harness.judge.given import Given
from harness.judge.judge import ExpectationCase, Judge
from harness.judge.overload import inconclusive
from harness.judge.watch import watch
from harness.recording.model import AnyEntry, Expected, Manifest, Mark, Recording, Samples


def replay(entries: Iterable[AnyEntry], manifest: Manifest) -> list[Finding]:
    """Return the findings of all expectations, in the order in which they were recorded.

    A step is judged with what was recorded before its `ended` mark; what passed is watched after it. Of a
    step without one, because the run was cut off, what had been decided is given; the rest are errors.

    Args:
        entries: in the order of recording; they are taken one by one.
        manifest: of the same recording.

    Raises:
        InconsistentRecordingError: an entry does not fit those before it.
    """
    recording = Recording(manifest)
    judging = Judge(recording)
    findings: dict[str, Finding] = {}
    now = 0.0
    for entry in entries:
        recording.add(entry)
        match entry:
            case Mark():
                now = max(now, entry.time)
                if entry.name == "ended":
                    findings |= {each.id: each for each in judge_step(recording, entry, judging)}
            case Samples():
                now = max(now, entry.time)
    findings |= watch(recording, judging, findings.values())
    return [
        findings[expected.id] if expected.id in findings else _cut_off(recording, expected, now)
        for expected in recording.expected
    ]


def judge_step(recording: Recording, ended: Mark, judging: Judge | None = None) -> list[Finding]:
    """Return the findings of a step at its `ended` mark, explained: what the runner reports, too.

    Args:
        recording: what was observed until the mark, and nothing after it.
        ended: the mark.
        judging: the judge that has followed the recording; it saves judging everything again.
    """
    judging = judging or Judge(recording)
    started = recording.mark(ended.step, "started")
    went_on = started is not None and Endings(recording).between(started.time, ended.time) is not None
    found: list[Finding] = []
    for expected in recording.expected_of(ended.step):
        if went_on:
            # That something had ended may have been recorded after the states which it explains were judged.
            judging.forget(expected)
        case = judging.case(expected)
        finding = case.advance(ended.time, final=True)
        assert isinstance(finding, Finding)
        timeless = case.decision.timeless
        finding = inconclusive(recording, expected, finding, ended.time, timeless=timeless)
        finding = unless_foreign(recording, expected, finding)
        found.append(explain(case.given, finding))
    return found


def _cut_off(recording: Recording, expected: Expected, now: float) -> Finding:
    case = ExpectationCase(Given.of(recording, expected))
    said = case.advance(now)
    timeless = case.decision.timeless
    if isinstance(said, Pending):
        reason = f"the recording ends before a decision: waiting for {said.waiting_for}"
        said = ExpectationCase(case.given).decision.error(reason)
    said = inconclusive(recording, expected, said, now, timeless=timeless)
    return explain(case.given, said)
