"""How late a scrape shows what has become true, against what a recording says of promptness.

It counts from when it became true: from the first reading of the oracle that the expectation compares with,
or that is followed for its metric, which said what the scrape shows; or from when the step settled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.judge.kind import NotComparableError
from harness.judge.matching import Where
from harness.judge.reading import first_after, said_since
from harness.recording.model import Promptness, Reading, Recording


@dataclass(frozen=True)
class Seen:
    """The first state in a row in which an expectation held, or its known issue showed.

    Attributes:
        time: of the state, seconds.
        since: from when on it was known to be so, seconds.
        told_by: the oracle that said so; "" when it counts from when the step settled.
        due: the time until which a scrape had to show it, seconds.
        changed: the selected series were others before the step.
    """

    time: float
    since: float
    told_by: str
    due: float
    changed: bool

    @property
    def is_late(self) -> bool:
        """Whether no scrape showed it in time."""
        return self.time > self.due


class Lateness:
    """Measures one expectation of a step that has settled."""

    def __init__(
        self,
        recording: Recording,
        promptness: Promptness,
        where: Where,
        *,
        settled: float,
        fresh_from: float,
        longest_scrape: float,
        explicit: bool,
    ) -> None:
        """Begin to measure.

        Args:
            recording: so far.
            promptness: of the expectation.
            where: its matchers.
            settled: when its step settled, seconds.
            fresh_from: from when on scrapes and readings count, seconds.
            longest_scrape: of its targets, seconds.
            explicit: the scenario gives the deadline, which counts from when the step settled.
        """
        self._recording = recording
        self._promptness = promptness
        self._where = where
        self._settled = settled
        self._fresh_from = fresh_from
        self._longest_scrape = longest_scrape
        self._explicit = explicit

    def due(self, lost: int, since: float | None = None) -> float:
        """Return the time (seconds) until which a scrape has to show it.

        Args:
            lost: scrapes that told nothing, as a target was down.
            since: when it became true, seconds; by default when the step settled.
        """
        scrapes = self._promptness.scrapes + lost
        since = self._settled if since is None else since
        return since + scrapes * self._recording.manifest.interval + self._longest_scrape

    def needs(self, time: float, readings: Sequence[Reading], lost: int) -> None:
        """Make sure that a state in which it holds first can be measured.

        Args:
            time: of the state, seconds.
            readings: of the oracles that it was compared with.
            lost: see `due`.

        Raises:
            NotComparableError: the oracle that is followed was not read after the scrape, yet.
        """
        if self._follows(readings) and time > self.due(lost) and first_after(self._followed(), time) is None:
            oracle = self._promptness.oracle
            raise NotComparableError(f"a reading of {oracle} after the scrape", waiting=True)

    def seen(self, time: float, readings: Sequence[Reading], lost: int, *, changed: bool) -> Seen:
        """Return what is known of the first state in a row in which it holds; see `needs` and Seen."""
        since, told_by = self._settled, ""
        if not self._explicit:
            said = {
                first.oracle: said_since(recorded, first, self._fresh_from)
                for recorded, first in self._compared(readings)
            }
            if said:
                told_by = max(said, key=lambda oracle: said[oracle])
                since = max(since, said[told_by])
            elif self._follows(readings) and time > self.due(lost):
                recorded = self._followed()
                if (after := first_after(recorded, time)) is not None:
                    told_by = self._promptness.oracle
                    since = max(since, said_since(recorded, after, self._fresh_from, self._where))
        return Seen(time, since, told_by, self.due(lost, since), changed)

    def last_chance(self, seen: Seen, lost: int) -> float:
        """Return until when a scrape could have shown it, by the oracle that is followed, too (seconds).

        In time by the step alone, nobody asks that oracle.
        """
        recorded = self._followed()
        after = None if self._explicit or seen.told_by else first_after(recorded, seen.time)
        if after is None:
            return seen.due
        since = said_since(recorded, after, self._fresh_from, self._where)
        return max(seen.due, self.due(lost, since))

    def text(self, seen: Seen) -> str:
        """Return by how much it is late, and against what."""
        count = self._promptness.scrapes
        told = f"the oracle {seen.told_by} said so at" if seen.told_by else "the step settled at"
        return (
            f"late by {seen.time - seen.since:.1f} s: {told} {seen.since:.3f}, a scrape must show it within"
            f" {count} scrape{'s' if count > 1 else ''}, and the first one that does began at"
            f" {seen.time:.3f}"
        )

    def visibility(self, seen: Seen) -> dict[str, Any]:
        """Return how long it took until a scrape showed it, JSON-compatible."""
        return {
            "produced": self._promptness.produced,
            "seconds": round(max(seen.time - seen.since, 0.0), 3),
            "since": seen.since,
            "told_by": seen.told_by or "settled",
            "within": self._promptness.scrapes,
        }

    def _follows(self, readings: Sequence[Reading]) -> bool:
        return bool(self._promptness.oracle) and not self._explicit and not readings

    def _followed(self) -> list[Reading]:
        return self._recording.readings.get((self._promptness.oracle, self._promptness.key), [])

    def _compared(self, readings: Sequence[Reading]) -> Iterator[tuple[list[Reading], Reading]]:
        """Yield for each oracle that was compared with all readings, and the one before the scrape."""
        firsts: dict[tuple[str, str], Reading] = {}
        for reading in readings:
            firsts.setdefault((reading.oracle, reading.key), reading)
        for key, first in firsts.items():
            yield self._recording.readings[key], first
