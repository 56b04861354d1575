"""Finds the time between two of Prometheus' scrapes of a target, in which its /metrics can be read.

Chaos Mesh's collectors reset and fill what all scrapes share, without a lock (pkg/metrics/chaos-daemon.go and
its like): two reads at once give both a part only, Prometheus' own too. So whoever reads /metrics past
Prometheus begins after one scrape has ended and is done before the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

MARGIN_SECONDS = 0.03
"""Kept free at both ends of a gap, beside what the clock is unsure of.

Prometheus stores a scrape under the time of its tick when it began up to 2 ms off it
(`ScrapeTimestampTolerance` in scrape/scrape.go), and on a busy machine it begins some milliseconds late; a
request is as late on its way through the API server, and reaches the component before it is read here. A few
scheduler ticks cover that, and are little next to the shortest interval.
"""

LEAST_SECONDS = 0.15
"""A read through the API server's proxy takes no longer on a busy machine, when a scrape takes less."""


_POLL_SECONDS = 0.1


class Time(Protocol):
    """Prometheus' time."""

    @property
    def uncertainty(self) -> float:
        """How far off it may be, seconds."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class ScrapeGap(NamedTuple):
    """A scrape of a target that has ended.

    Attributes:
        began: seconds since the epoch, Prometheus' clock.
        duration: seconds.
        interval: from one scrape of the target to the next, seconds.
    """

    began: float
    duration: float
    interval: float


class Gap(NamedTuple):
    """A time in which no scrape of a target runs; seconds since the epoch, margins left out."""

    opens: float
    closes: float

    def holds(self, began: float, ended: float) -> bool:
        """Say whether a read came between the two scrapes."""
        return self.opens <= began and ended <= self.closes


def gap_between(clock: Time, scrape: ScrapeGap, following: float) -> Gap:
    """Return the gap between a scrape and the one that began at `following`."""
    margin = MARGIN_SECONDS + clock.uncertainty
    return Gap(scrape.began + scrape.duration + margin, following - margin)


def await_gap(clock: Time, scrape: ScrapeGap, *, squeeze: bool = False) -> Gap | None:
    """Wait until no scrape of a target runs and none is due before a read is over.

    Prometheus scrapes a target at a fixed phase of the interval, so any scrape tells of all later ones.

    Args:
        clock: Prometheus' time.
        scrape: one that has ended.
        squeeze: take half of the gap where a read, which may take as long as a scrape, needs more. It may
            spoil the next scrape: only for when none is judged any more, and the caller has to check.

    Returns:
        The gap that is open now; None when there is never time enough.
    """
    gap = gap_between(clock, scrape, scrape.began + scrape.interval)
    need = max(scrape.duration, LEAST_SECONDS)
    if squeeze:
        need = min(need, (gap.closes - gap.opens) / 2)
    if need <= 0 or gap.opens + need > gap.closes:
        return None
    later = (clock.now() - scrape.began) // scrape.interval * scrape.interval
    gap = Gap(gap.opens + later, gap.closes + later)
    if clock.now() + need > gap.closes:
        gap = Gap(gap.opens + scrape.interval, gap.closes + scrape.interval)
    if clock.now() < gap.opens:
        clock.sleep(gap.opens - clock.now())
    return gap


def await_newest_gap(clock: Time, newest: Callable[[], ScrapeGap | None], seconds: float) -> Gap | None:
    """Wait until the newest scrape of a target is known to have ended, and none is due before a read is over.

    On a busy machine a scrape takes much longer than the one before: while others are judged, a gap must not
    be worked out from an older one.

    Args:
        clock: Prometheus' time.
        newest: returns the newest scrape that has ended; None when there is none.
        seconds: the bound.

    Returns:
        The gap that is open now; None when there is no scrape, or no time enough after any in that time.
    """
    end = clock.now() + seconds
    while (scrape := newest()) is not None:
        gap = gap_between(clock, scrape, scrape.began + scrape.interval)
        need = max(scrape.duration, LEAST_SECONDS)
        now = clock.now()
        if max(now, gap.opens) + need <= gap.closes:
            if now < gap.opens:
                clock.sleep(gap.opens - now)
            return gap
        if now >= end:
            return None
        # One that took too long is followed by quicker ones, where scrapes differ.
        due = scrape.began + scrape.interval + scrape.duration
        clock.sleep(min(max(due - now, _POLL_SECONDS), end - now))
    return None
