"""Compares an oracle with a scrape by bracketing: the reading before and the one after agree."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from harness.judge.argument import OracleRef
from harness.judge.kind import NotComparableError
from harness.judge.matching import Where, label_test
from harness.judge.state import SeriesState
from harness.recording.model import Manifest, Point, Reading


def bracket(
    oracle: OracleRef, recorded: list[Reading], state: SeriesState, settled: float, manifest: Manifest
) -> list[Reading]:
    """Return the readings around a state's scrapes, which all say the same.

    Only readings that began after the step settled count: one from before could agree with one from
    after while the step changed the truth twice in between. Readings without an answer are no
    values and are passed over. The clocks' uncertainty is kept between a reading and a scrape.

    Args:
        oracle: for messages.
        recorded: all readings of the oracle with these parameters, in the order in which they ended.
        state: its scrapes; one whose duration was not recorded counts as one interval long.
        settled: when the step settled, seconds.
        manifest: the interval and the clocks' uncertainty.

    Raises:
        NotComparableError: there is no reading before or (yet) after, or the oracle was changing.
    """
    margin = manifest.clock_uncertainty
    began = min(scrape.time for scrape in state.scrapes.values()) - margin
    ended = margin + max(
        scrape.time + (manifest.interval if scrape.duration is None else scrape.duration)
        for scrape in state.scrapes.values()
    )
    since = bisect_left(recorded, settled, key=lambda reading: reading.ended)
    fresh = [reading for reading in recorded[since:] if reading.began >= settled]
    answers = [reading for reading in fresh if reading.vector is not None and reading.error is None]
    after = min((each for each in answers if each.began >= ended), key=lambda each: each.began, default=None)
    if after is None:
        error = next((reading.error for reading in reversed(fresh) if reading.error), None)
        if error:
            raise NotComparableError(f"{oracle} could not be read: {error}", waiting=True)
        raise NotComparableError(f"a reading of {oracle} after the scrape", waiting=True)
    before = max((each for each in answers if each.ended <= began), key=lambda each: each.ended, default=None)
    if before is None:
        raise NotComparableError(f"there is no reading of {oracle} between the step and the scrape")
    between = [each for each in answers if each.began >= before.began and each.ended <= after.ended]
    wanted = _canonical(before.vector)
    if any(_canonical(each.vector) != wanted for each in between):
        raise NotComparableError(f"{oracle} kept changing")
    if any(math.isnan(point.value) for point in before.vector or []):
        raise NotComparableError(f"{oracle} said NaN, which is no answer")
    return between


def said_since(
    recorded: list[Reading], reading: Reading, settled: float, where: Where | None = None
) -> float:
    """Return when the first of the readings in a row that say the same as one of them had ended, seconds.

    Args:
        recorded: all readings of the oracle with the same parameters, in the order in which they ended.
        reading: one of them, with an answer.
        settled: readings that began before do not count.
        where: look only at what these matchers select, of the labels that the oracle has; at all without.
    """
    wanted, since = _selected(reading, where), reading.ended
    for each in reversed(recorded[: bisect_right(recorded, reading.ended, key=lambda each: each.ended)]):
        if each.began < settled:
            break
        if each.vector is None or each.error is not None:
            continue
        if _selected(each, where) != wanted:
            break
        since = min(since, each.ended)
    return since


def first_after(recorded: list[Reading], time: float) -> Reading | None:
    """Return the first reading with an answer that began after a time; None when there is none yet."""
    answers = (each for each in recorded if each.vector is not None and each.error is None)
    return min((each for each in answers if each.began >= time), key=lambda each: each.began, default=None)


def _selected(reading: Reading, where: Where | None) -> list[tuple[tuple[tuple[str, str], ...], str]]:
    if where is None:
        return _canonical(reading.vector)
    tests = {label: label_test(wanted) for label, wanted in where.items()}
    return _canonical(
        [
            point
            for point in reading.vector or []
            if all(test(point.labels[label]) for label, test in tests.items() if label in point.labels)
        ]
    )


def _canonical(vector: list[Point] | None) -> list[tuple[tuple[tuple[str, str], ...], str]]:
    return sorted((tuple(sorted(point.labels.items())), repr(point.value)) for point in vector or [])
