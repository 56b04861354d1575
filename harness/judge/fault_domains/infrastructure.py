"""Layer infrastructure: why there is no verdict on the product; what was not scraped, read, answered."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from harness.base.words import capitalised
from harness.judge.argument import ArgumentError, labels_text, time_text
from harness.judge.fault_domains.scene import Diagnosis
from harness.judge.fault_domains.words import MOST, points_text, some
from harness.judge.finding import Finding
from harness.judge.given import Given
from harness.judge.kind import wanted_readings
from harness.judge.state import target_text
from harness.judge.sweep import Selection
from harness.recording.labels import TARGET_LABELS
from harness.recording.model import UP, Expected, Recording
from harness.recording.notes import FETCH_FAILED, TARGETS
from harness.recording.series import Series, TargetKey
from harness.scenario.model import Expectation

_LATE_INTERVALS = 2


def infrastructure(given: Given, finding: Finding) -> Diagnosis:
    """Say what is behind an error; it is the query's where `where` can mean no target, or no number."""
    recording, expected, spec = given.recording, given.expected, given.spec
    now = _now(recording)
    told: list[str] = []
    layer = finding.layer
    if layer == "query":
        told.append("Its samples are native histograms: an expectation takes numbers, of classic histograms.")
    else:
        selection = given.selection
        selection.refresh()
        if selection.unseen_jobs:
            told += [
                f"No target of the job {job} was scraped since the recording began: {_what_to_do(job)}"
                for job in sorted(selection.unseen_jobs)
            ]
        elif not selection.targets:
            layer = "query"
            told += _no_such_target(recording, spec, expected.jobs)
        told += _targets(recording, selection, now)
        told += _without_baseline(recording, selection, expected, finding)
    told += _oracles(recording, spec, expected)
    told += _fetches(recording, expected)
    return Diagnosis(layer, told or ["The recording shows nothing beyond this reason."])


def _now(recording: Recording) -> float:
    """Return the time of the newest thing in the recording (seconds)."""
    newest = [series.newest for _, series in recording.targets() if series.newest is not None]
    return max([*newest, *(mark.time for mark in recording.marks[-1:])], default=0.0)


def _what_to_do(job: str) -> str:
    return f"look whether a pod of {job} runs, and whether Prometheus lists it under /targets."


def _no_such_target(recording: Recording, spec: Expectation, jobs: list[str]) -> list[str]:
    own = {label: wanted for label, wanted in spec.where.items() if label in TARGET_LABELS}
    there = [
        labels_text({name: value for name, value in series.labels.items() if name in TARGET_LABELS})
        for series in recording.by_name.get(UP, [])
        if series.labels.get("job") in jobs
    ]
    wanted = ", ".join(f"{label}: {value}" for label, value in own.items())
    return [f"`where` asks for a target with {wanted}; scraped are {some(there)}."]


def _targets(recording: Recording, selection: Selection, now: float) -> list[str]:
    told: list[str] = []
    for target, up in sorted(selection.targets.items()):
        if not up.times:
            continue
        name = target_text(target)
        last = up.times[-1]
        if up.values[-1] != 1 and not selection.about_scrapes:
            since = time_text(_down_since(up))
            told.append(
                f"{name} is down since the scrape at {since}{_last_error(recording, target)}."
                " Look at its pod and its log."
            )
        elif now - last > _LATE_INTERVALS * recording.manifest.interval:
            told.append(
                f"{name} was last scraped at {time_text(last)}, {now - last:.1f} s before the end"
                f"{_last_error(recording, target)}. Look whether its pod still runs, and Prometheus too."
            )
    return told


def _down_since(up: Series) -> float:
    """Return the first of the scrapes that failed in a row up to now (seconds)."""
    first = up.times[-1]
    for time, value in zip(reversed(up.times), reversed(up.values), strict=True):
        if value == 1:
            break
        first = time
    return first


def _last_error(recording: Recording, target: TargetKey) -> str:
    """Return what Prometheus said of the target when it was asked, as the end of a sentence."""
    for note in reversed(recording.notes):
        for each in _list(note.detail, TARGETS):
            if (each.get("job"), each.get("instance")) == target and each.get("last_error"):
                return f"; Prometheus says: {each['last_error']}"
    return ""


def _without_baseline(
    recording: Recording, selection: Selection, expected: Expected, finding: Finding
) -> list[str]:
    """Return which targets had no scrape before the step, for a kind that compares with one."""
    if finding.evidence.get("baseline_scrapes") or finding.kind not in ("increases_by", "unchanged"):
        return []
    started = recording.mark(expected.step, "started")
    seen = recording.seen_at(expected.step, "started")
    return [
        f"{target_text(target)} was first scraped at {time_text(up.times[0])}, after the step started at"
        f" {time_text(started.time)}: a `wait` step before it gives something to compare with."
        for target, up in sorted(selection.targets.items())
        if started is not None and up.times and target not in seen
    ]


def _oracles(recording: Recording, spec: Expectation, expected: Expected) -> list[str]:
    try:
        wanted = wanted_readings(spec)
    except ArgumentError:
        return []
    settled = recording.mark(expected.step, "settled")
    told: list[str] = []
    for oracle in wanted:
        name = f"the oracle {oracle.name}"
        readings = [
            each
            for each in recording.readings.get((oracle.name, oracle.key), [])
            if settled is not None and each.began >= settled.time
        ]
        failed = [each for each in readings if each.vector is None or each.error]
        answers = [each for each in readings if each.vector is not None and not each.error]
        if not readings:
            told.append(f"{capitalised(name)} was not read after the step settled.")
        elif failed:
            told.append(
                f"{capitalised(name)} could not be read {len(failed)} of {len(readings)} times, last at"
                f" {time_text(failed[-1].began)}: {failed[-1].error or 'no answer'}."
            )
        changes = [
            f"{points_text(each.vector or [])} at {time_text(each.began)}"
            for before, each in pairwise(answers)
            if points_text(before.vector or []) != points_text(each.vector or [])
        ]
        if changes:
            told.append(
                f"{capitalised(name)} changed {len(changes)} times in {len(answers)} readings:"
                f" {'; '.join(changes[-MOST:])}."
            )
    return told


def _fetches(recording: Recording, expected: Expected) -> list[str]:
    started = recording.mark(expected.step, "started")
    failed = [
        note
        for note in recording.notes
        if FETCH_FAILED in note.detail and started is not None and note.time >= started.time
    ]
    if not failed:
        return []
    last = failed[-1]
    return [
        f"Prometheus did not answer {len(failed)} times during the step, last at {time_text(last.time)}:"
        f" {last.detail[FETCH_FAILED]}."
    ]


def _list(detail: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = detail.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
