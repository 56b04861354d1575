"""What an expectation holds lasts as long as it is held, and phases that are waited for come."""

from __future__ import annotations

from collections.abc import Iterator

from harness.base.durations import GO, seconds_of
from harness.chaosmesh.phases import is_one_shot
from harness.judge.terms import DEADLINE_SCRAPES, GRACE_SCRAPES
from harness.kubernetes.kinds import FURTHER_KINDS, MAKERS
from harness.lint.rules.rule import LintSubject, Stated
from harness.recording.labels import WORKLOAD_JOB
from harness.scenario.model import Chaos, Step
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Wrong

_NO_EXPERIMENTS = (*MAKERS, *FURTHER_KINDS)
_IN_FORCE = ("injecting", "running")


def holds_while_it_lasts(subject: LintSubject) -> Iterator[Wrong]:
    """A level is not to be held for longer than the duration of the experiment that gives it."""
    for stated in subject.expectations:
        name, chaos = _in_force(stated.step, subject)
        lasts = _duration(chaos)
        held = stated.spec.hold * subject.interval
        if lasts is not None and held >= lasts and _is_level(stated, subject):
            message = (
                f"`hold: {stated.spec.hold}` is {held:g} s at a scrape each {subject.interval:g} s, and "
                f"`{name}` is over after {lasts:g} s (its `duration`)"
            )
            yield (*stated.at, "hold"), message, None


def lasts_while_others_wait(subject: LintSubject) -> Iterator[Wrong]:
    """An experiment should not be over while an expectation of its step may still be waited for."""
    waits: dict[DocumentPath, float] = {}
    lasting: dict[DocumentPath, tuple[str, str, float]] = {}
    for stated in subject.expectations:
        at = stated.at[:2]
        scrapes = (stated.spec.deadline or DEADLINE_SCRAPES) + GRACE_SCRAPES
        waits[at] = max(waits.get(at, 0.0), scrapes * subject.interval)
        name, chaos = _in_force(stated.step, subject)
        lasts = _duration(chaos)
        if lasts is not None:
            lasting[at] = (stated.step.action, name, lasts)
    for at, (action, name, lasts) in lasting.items():
        if lasts < waits[at]:
            message = (
                f"`{name}` is over after {lasts:g} s (its `duration`), and this step waits for up to "
                f"{waits[at]:g} s for an expectation that does not come true: others may be undecided then"
            )
            yield (*at, action), message, None


def phases_come(subject: LintSubject) -> Iterator[Wrong]:
    """An experiment that hits once is never running, and one without an end is never finished."""
    for index, step in enumerate(subject.file.scenario.steps):
        chaos = subject.file.scenario.chaos.get(step.chaos or "")
        if chaos is None or chaos.kind in _NO_EXPERIMENTS or _is_open(chaos):
            continue
        key = "until" if step.until is not None else step.action
        once = is_one_shot(chaos.kind, chaos.spec.get("action"))
        if step.phase == "running" and once:
            message = f"a {chaos.kind} that does `{chaos.spec['action']}` hits once and is never `running`"
            yield ("steps", index, key), message, "finished"
        elif step.phase == "finished" and not once:
            yield from _finishes(index, key, step, chaos)


def _finishes(index: int, key: str, step: Step, chaos: Chaos) -> Iterator[Wrong]:
    lasts = _duration(chaos)
    if chaos.spec.get("duration") is None:
        message = f"`{step.chaos}` has no `duration` in its `spec`, so it is never `finished`"
        yield ("steps", index, key), message, None
    elif lasts is not None and step.act.brings_effect and step.bound <= lasts:
        message = f"`{step.chaos}` lasts {lasts:g} s, and `bound` is {step.bound:g} s; write a greater one"
        yield ("steps", index, key), message, None


def _in_force(step: Step, subject: LintSubject) -> tuple[str, Chaos | None]:
    """Return the experiment that a step brings into force."""
    name = step.chaos or ""
    brings = step.act.brings_effect and step.phase in (*_IN_FORCE, None)
    chaos = subject.file.scenario.chaos.get(name) if brings else None
    return name, None if chaos is not None and chaos.kind in _NO_EXPERIMENTS else chaos


def _duration(chaos: Chaos | None) -> float | None:
    written = chaos.spec.get("duration") if chaos is not None else None
    try:
        return seconds_of(written, GO) if isinstance(written, str) else None
    except ValueError:
        return None


def _is_open(chaos: Chaos) -> bool:
    return any(
        isinstance(chaos.spec.get(key), str) and "${" in chaos.spec[key] for key in ("action", "duration")
    )


def _is_level(stated: Stated, subject: LintSubject) -> bool:
    """Say whether an expectation is about something that goes back when the experiment is over."""
    if stated.spec.promql is not None or stated.spec.kind in ("absent", "unchanged"):
        return False
    metric = subject.metrics.find(stated.spec.metric)
    return (
        metric is not None
        and metric.counts(stated.spec.metric) is False
        and WORKLOAD_JOB not in metric.components
    )


RULES = [holds_while_it_lasts, phases_come]
WARNINGS = [lasts_while_others_wait]
