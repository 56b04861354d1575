"""What came to its end, or went on, by its own clock while a step was judged: no failure of the product."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from harness.recording.model import KubernetesEvent, Recording
from harness.recording.notes import ENDED

_SAYS = {
    "TimeUp": "ended by its own duration",
    "DeadlineExceed": "ended by its own deadline",
    "ParentNodeDeadlineExceed": "ended by the deadline of its parent",
    "NodeAccomplished": "was accomplished",
    "WorkflowAccomplished": "was accomplished",
    "Spawned": "fired again",
}
"""Reasons of events about what nobody asked for at that moment (Chaos Mesh, controllers/utils/recorder)."""

_APART_INTERVALS = 0.5
"""The times of Chaos Mesh's events and of scrapes are of two clocks, and a scrape takes a while."""


@dataclass(frozen=True)
class Ending:
    """One of them.

    Attributes:
        time: seconds.
        what: a sentence: "StressChaos burn ended by its own duration".
    """

    time: float
    what: str


class Endings:
    """Those of a recording, as it is now."""

    def __init__(self, recording: Recording) -> None:
        noted = [_noted(note.detail[ENDED]) for note in recording.notes if ENDED in note.detail]
        told = [_told(event) for event in recording.events if event.reason in _SAYS]
        self._all = sorted([*noted, *told], key=lambda each: each.time)
        self._times = [each.time for each in self._all]
        self._apart = _APART_INTERVALS * recording.manifest.interval

    def between(self, after: float, until: float) -> Ending | None:
        """Return the first one after a time that a state at another time may show."""
        index = bisect_right(self._times, after)
        if index < len(self._all) and self._times[index] <= until + self._apart:
            return self._all[index]
        return None

    def after(self, time: float, ending: Ending) -> bool:
        """Say whether a state at a time cannot show one of them yet."""
        return ending.time > time + self._apart


def _noted(detail: Any) -> Ending:
    return Ending(float(detail["time"]), f"{detail['what']} ended by its own duration")


def _told(event: KubernetesEvent) -> Ending:
    return Ending(event.time, f"{event.kind} {event.object} {_SAYS[event.reason]}")
