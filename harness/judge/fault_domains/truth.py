"""Compares a metric with its own truth: the catalogue's oracle, read around the look at a failure.

This says in which layer a failure lies, never whether there is one: that is for the expectation alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.judge.argument import OracleRef, labels_text, number_text
from harness.judge.comparison import agrees, compare_vector
from harness.judge.fault_domains.exposed import same
from harness.judge.kind import NotComparableError
from harness.judge.matching import Where, label_test
from harness.judge.reading import bracket
from harness.judge.state import Sample, SeriesState
from harness.judge.sweep import Selection, baseline
from harness.recording.labels import TARGET_LABELS, without_target
from harness.recording.model import Labels, Point, Reading, Recording, labels_of
from harness.recording.series import TargetKey

_CONTAINER = ("namespace", "pod", "container")


@dataclass(frozen=True)
class OracleTruth:
    """What an oracle said of a metric around a scrape.

    Attributes:
        oracle: its name.
        points: what it said of the series that the expectation selects; None when it cannot be compared.
        state: the scrapes that it was compared with.
        difference: what the metric says otherwise; "" when both agree.
        unusable: why it cannot be compared, or "".
    """

    oracle: str
    points: list[Point] | None = None
    state: SeriesState | None = None
    difference: str = ""
    unusable: str = ""


def truth(
    recording: Recording,
    selection: Selection,
    where: Where,
    oracle: str,
    key: str,
    since: float,
    *,
    added_up: bool = False,
    grows: bool = False,
) -> OracleTruth:
    """Compare the selected series with an oracle at the newest scrapes that its readings enclose.

    Args:
        recording: so far.
        selection: the series of an expectation.
        where: its matchers.
        oracle: the oracle's name.
        key: its parameters as readings carry them.
        since: readings from before do not count, seconds.
        added_up: what several targets count of the same is compared as one: each counts what it did itself.
        grows: values only grow, so that one between those of two readings can be right.
    """
    readings = recording.readings.get((oracle, key), [])
    parameters = json.loads(key)
    ref = OracleRef(oracle, parameters)
    answered = [
        each for each in readings if each.began >= since and each.vector is not None and not each.error
    ]
    if not answered:
        error = next((each.error for each in reversed(readings) if each.error), None)
        return OracleTruth(oracle, unusable=f"it could not be read: {error}" if error else "it was not read")
    state = baseline(selection, _scrapes_before(recording, selection, answered[-1].began))
    if state is None or not state.complete:
        return OracleTruth(oracle, unusable="no scrape lies before its last reading")
    if added_up:
        state = _added_up(state)
    try:
        enclosing = bracket(ref, readings, state, since, recording.manifest)
    except NotComparableError as error:
        around = _around(answered, state, recording.manifest.clock_uncertainty) if grows else None
        if around is None:
            return OracleTruth(oracle, unusable=error.reason.replace(str(ref), "it"))
        enclosing = list(around)
    return _compare(recording, oracle, parameters, where, state, enclosing)


def _around(answered: list[Reading], state: SeriesState, margin: float) -> tuple[Reading, Reading] | None:
    """Return the readings before and after a state, if the same things were there and none of them fell."""
    began = min(scrape.time for scrape in state.scrapes.values()) - margin
    before = next((each for each in reversed(answered) if each.ended <= began), None)
    after = answered[-1]
    if before is None:
        return None
    low, high = (
        {labels_of(point.labels): point.value for point in each.vector or []} for each in (before, after)
    )
    grown = low.keys() == high.keys() and all(low[labels] <= high[labels] for labels in low)
    return (before, after) if grown else None


def _added_up(state: SeriesState) -> SeriesState:
    """Return a state with one sample for all that differ in their targets only."""
    sums: dict[Labels, list[Sample]] = {}
    for sample in state.samples:
        sums.setdefault(labels_of(without_target(sample.labels)), []).append(sample)
    samples = [
        Sample(each[0].labels, math.fsum(sample.value for sample in each), each[0].target)
        for each in sums.values()
    ]
    return replace(state, samples=samples)


def _scrapes_before(recording: Recording, selection: Selection, time: float) -> dict[TargetKey, float]:
    """Return the newest scrape of each target that was complete by a time."""
    margin = recording.manifest.clock_uncertainty
    found: dict[TargetKey, float] = {}
    for target, up in selection.targets.items():
        for began in reversed(up.times):
            duration = selection.scrape(target, began).duration
            spent = recording.manifest.interval if duration is None else duration
            if began + spent + margin <= time:
                found[target] = began
                break
    return found


def _compare(
    recording: Recording,
    oracle: str,
    parameters: dict[str, Any],
    where: Where,
    state: SeriesState,
    readings: list[Reading],
) -> OracleTruth:
    points = readings[0].vector or []
    most = {labels_of(point.labels): point.value for point in readings[-1].vector or []}
    own = {label: label_test(wanted) for label, wanted in where.items() if label not in TARGET_LABELS}
    if uncovered := _uncovered(recording, parameters, where, state.samples):
        return OracleTruth(oracle, unusable=f"it says nothing about {uncovered}")
    if [point.labels for point in points] == [{}]:
        return _number(oracle, state, points[0], most[()], bool(own))
    if any(label not in point.labels for point in points for label in own):
        return OracleTruth(oracle, unusable="it does not have the labels that `where` names")
    told = [point for point in points if all(test(point.labels[label]) for label, test in own.items())]
    outcome = compare_vector(told, _as_before(state.samples, told, most), same, number_text)
    return OracleTruth(oracle, told, state, outcome.reason)


def _as_before(samples: Sequence[Sample], points: list[Point], most: dict[Labels, float]) -> Sequence[Sample]:
    """Return samples that lie between two readings with the value of the first: each can be right."""
    grown = [point for point in points if most.get(labels_of(point.labels), point.value) > point.value]
    if not grown:
        return samples
    found = []
    for sample in samples:
        owner = next((point for point in grown if agrees(point.labels, sample.labels)), None)
        if owner is not None and owner.value <= sample.value <= most[labels_of(owner.labels)]:
            found.append(sample._replace(value=owner.value))
        else:
            found.append(sample)
    return found


def _uncovered(
    recording: Recording, parameters: dict[str, Any], where: Where, samples: Sequence[Sample]
) -> str:
    """Return what is selected and the oracle was not asked about, or ""."""
    asked: list[dict[str, str]] = [{"namespace": recording.manifest.namespace}]
    containers = parameters.get("in")
    if isinstance(containers, dict):
        containers = [containers]
    if isinstance(containers, list):
        asked = [{name: each.get(name, "") for name in _CONTAINER} for each in containers]
    tests = {label: label_test(wanted) for label, wanted in where.items()}
    if not any(all(tests[name](each[name]) for name in each if name in tests) for each in asked):
        return "what `where` names"
    for sample in samples:
        # A metric without these labels is about all of them.
        named = {name: sample.labels[name] for name in _CONTAINER if sample.labels.get(name)}
        if not any(all(each.get(name, value) == value for name, value in named.items()) for each in asked):
            return labels_text(sample.labels)
    return ""


def _number(oracle: str, state: SeriesState, point: Point, most: float, narrowed: bool) -> OracleTruth:
    """Compare one number for all of a metric with the one series that there is."""
    if narrowed or len(state.samples) > 1 or (not state.samples and point.value == 0):
        return OracleTruth(oracle, unusable="it says one number, which is not for the selected series alone")
    if not state.samples:
        return OracleTruth(oracle, [point], state, "no series")
    value = state.samples[0].value
    if same(value, point.value) or point.value < value <= most:
        return OracleTruth(oracle, [point], state)
    return OracleTruth(oracle, [point], state, f"the value is {number_text(value)}")
