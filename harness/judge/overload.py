"""Whether the harness and the cluster were able to act in a time, told from the recording alone.

What a wait came to while they were not says nothing about the product: such a failure is an error that says
how. The limits are far from a machine that is merely slow; docs/verdicts.md gives them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from harness.judge.finding import Finding, Verdict
from harness.recording.labels import WORKLOAD_JOB
from harness.recording.model import Expected, Recording
from harness.recording.overload import Stretch, stretch_of
from harness.recording.series import Series

OVERLOADED = "inconclusive: the machine was overloaded"

LEAST_SECONDS = 2.0
LEAST_SCRAPES = 2.0
LEAST_SHARE = 0.1
"""So much of a time has to be lost to matter: the most of these three."""

MISSING_INTERVALS = 3.0
"""Prometheus keeps every scrape, also one that fails; without any for so long it did not scrape."""

TIMED_OUT_INTERVALS = 0.8
"""A scrape that failed after so long was given up: a target that is down refuses at once."""


@dataclass(frozen=True)
class Overload:
    """That not everything could be done in a time.

    Attributes:
        how: what was observed: "ticks up to 12.0 s late, 8 of 20 scrapes missing".
        seconds: for how long.
        of_targets: the cluster was concerned, not the harness' own process alone.
    """

    how: str
    seconds: float
    of_targets: bool

    def text(self) -> str:
        """Return the beginning of a reason."""
        return f"{OVERLOADED} ({self.how})"


@dataclass(frozen=True)
class _Gap:
    """A time without a scrape; `seen` when a target is known to have been there before and after."""

    began: float
    ended: float
    seen: bool


def observed(recording: Recording, began: float, ended: float, least: float | None = None) -> Overload | None:
    """Return what kept the harness or the cluster from acting; None when nothing did that matters.

    Args:
        recording: what was observed.
        began: the beginning of the time, seconds on Prometheus' clock.
        ended: its end.
        least: so much of it has to be lost to matter, seconds; the three limits of this module by default.
    """
    noted = [each for note in recording.notes if (each := stretch_of(note)) is not None]
    found = [each for each in noted if each.what != "busy"]
    found += _timed_out(recording, [each for each in noted if each.what == "busy"])
    missing, due = _scrapes(recording, began, ended)
    gaps = _gaps(recording)
    return summed_up(
        found, began, ended, recording.manifest.interval, gaps=gaps, scrapes=(missing, due), least=least
    )


def summed_up(
    stretches: Iterable[Stretch],
    began: float,
    ended: float,
    interval: float,
    *,
    gaps: Iterable[tuple[float, float]] = (),
    scrapes: tuple[int, int] = (0, 0),
    least: float | None = None,
) -> Overload | None:
    """Return what stretches of a time come to; None when they are too short to matter.

    Args:
        stretches: in any order, overlapping or not; those that are `busy` say nothing by themselves.
        began: the beginning of the time, seconds.
        ended: its end.
        interval: between two scrapes, seconds.
        gaps: in which Prometheus scraped nothing.
        scrapes: how many scrapes of the time are missing or failed, and how many there should be.
        least: so much of it has to be lost to matter, seconds; the three limits of this module by default.
    """
    inside = [each for each in stretches if each.what != "busy" and each.began < ended and each.ended > began]
    unscraped = [(low, high) for low, high in gaps if low < ended and high > began]
    lost = _together([*((each.began, each.ended) for each in inside), *unscraped], began, ended)
    if not inside and not unscraped:
        return None
    if least is None:
        least = max(LEAST_SECONDS, LEAST_SCRAPES * interval, LEAST_SHARE * (ended - began))
    if lost < least:
        return None
    worst = {what: max((each.worst for each in inside if each.what == what), default=0.0) for what in _SAYS}
    how = [says.format(worst[what]) for what, says in _SAYS.items() if worst[what]]
    missing, due = scrapes
    if missing:
        how.append(f"{missing} of {due} scrapes missing")
    elif unscraped:
        how.append(f"no scrape for {max(high - low for low, high in unscraped):.1f} s")
    of_targets = bool(unscraped) or any(each.what in ("cpu", "cluster") for each in inside)
    return Overload(", ".join(how), lost, of_targets)


_SAYS = {
    "frozen": "ticks up to {:.1f} s late",
    "cpu": "work on the CPU up to {:.0f} times as slow as usual",
    "cluster": "answers of the cluster up to {:.1f} s late",
    "prometheus": "answers of Prometheus up to {:.1f} s late",
}


def inconclusive(
    recording: Recording, expected: Expected, finding: Finding, ended: float, *, timeless: bool
) -> Finding:
    """Return a finding as it is, or as an error when overload may have brought it about.

    Args:
        recording: what was observed until the step ended.
        expected: the expectation.
        finding: what the judge says of it.
        ended: when its step ended, seconds.
        timeless: it is wrong whenever it is looked at: it can never become right, or an oracle said otherwise
            just before and just after the scrape. That stays a failure, unless the targets could not act
            either.
    """
    if finding.verdict not in (Verdict.FAIL, Verdict.ERROR):
        return finding
    if finding.verdict is Verdict.ERROR and finding.layer != "infrastructure":
        return finding
    started = recording.mark(expected.step, "started")
    if started is None:
        return finding
    until = ended
    if finding.verdict is Verdict.FAIL:
        # What came after the scrape that decided has no part in it.
        until = max((float(each["time"]) for each in finding.evidence.get("scrapes", ())), default=ended)
    least = None
    if finding.layer == "late" and (over := until - finding.evidence.get("deadline", until)) > 0:
        # As much as it came too late is enough: in the time that was left it came in time.
        least = over
    overload = observed(recording, started.time, until, least)
    if overload is None:
        return finding
    if finding.verdict is Verdict.FAIL and timeless and not overload.of_targets:
        return finding
    reason = f"{overload.text()}: {finding.reason}"
    return finding.model_copy(
        update={"verdict": Verdict.ERROR, "reason": reason, "layer": "infrastructure", "known_issue": None}
    )


def _together(spans: Sequence[tuple[float, float]], began: float, ended: float) -> float:
    """Return how many seconds of a time are in any of the spans."""
    total, until = 0.0, began
    for low, high in sorted(spans):
        first, last = max(low, until), min(high, ended)
        if last > first:
            total += last - first
            until = last
    return total


def _components(recording: Recording) -> list[Series]:
    """Return the `up` of each target that no chaos is meant for."""
    return [up for (job, _), up in recording.targets() if job != WORKLOAD_JOB and len(up.times) > 0]


def _gaps(recording: Recording) -> list[tuple[float, float]]:
    """Return when no component was scraped though each was before and after: Prometheus did not get to it."""
    interval = recording.manifest.interval
    found: list[_Gap] | None = None
    for up in _components(recording):
        times = up.times
        own = [
            _Gap(one + interval, other, seen=True)
            for one, other in pairwise(times)
            if other - one > MISSING_INTERVALS * interval
        ]
        # Before its first scrape and after its last a target is not known to have been there.
        own += [_Gap(-math.inf, times[0], seen=False), _Gap(times[-1], math.inf, seen=False)]
        found = own if found is None else _of_both(found, own)
    return [(gap.began, gap.ended) for gap in found or [] if gap.seen]


def _of_both(ones: Sequence[_Gap], others: Sequence[_Gap]) -> list[_Gap]:
    return [
        _Gap(max(one.began, other.began), min(one.ended, other.ended), seen=one.seen or other.seen)
        for one in ones
        for other in others
        if max(one.began, other.began) < min(one.ended, other.ended)
    ]


def _timed_out(recording: Recording, busy: Sequence[Stretch]) -> list[Stretch]:
    """Return when scrapes of a component timed out on a CPU that was busy: it was too slow for them."""
    found = []
    for up in _components(recording) if busy else ():
        for time, value in up.between(-math.inf, math.inf):
            took = recording.durations.at(up.target, time)
            if value == 1 or took is None or took < TIMED_OUT_INTERVALS * recording.manifest.interval:
                continue
            found += [
                replace(each, what="cpu", began=time, ended=time + took)
                for each in busy
                if each.began < time + took and each.ended > time
            ]
    return found


def _scrapes(recording: Recording, began: float, ended: float) -> tuple[int, int]:
    """Return how many scrapes of components in a time are missing or failed, and how many are due."""
    interval = recording.manifest.interval
    missing = due = 0
    for up in _components(recording):
        first, last = max(began, up.times[0]), min(ended, up.times[-1])
        if last <= first:
            continue
        wanted = round((last - first) / interval)
        there = sum(1 for _, value in up.between(first, last) if value == 1)
        due += wanted
        missing += max(0, wanted - there)
    return missing, due
