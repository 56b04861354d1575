"""A clock for bounds in seconds that stands still while nothing could be done.

A bound says how long something may take on a machine that works. Seconds in which this process was stopped,
or the machine was too busy to do anything, say nothing about what is waited for. Whoever observes that
(harness/runner/vitals.py) tells the clock; without an observer it is the monotonic clock.
"""

from __future__ import annotations

import threading
import time

FROZEN_SECONDS = 1.0
"""An observer that comes so much later than it meant to was not able to run."""


class WorkingTime:
    """The monotonic clock, less the seconds that were lost."""

    def __init__(self) -> None:
        # A signal's handler may ask in the middle of an answer.
        self._lock = threading.RLock()
        self._lost = 0.0
        self._due: float | None = None

    def now(self) -> float:
        """Return the seconds of working time since some moment."""
        with self._lock:
            now = time.monotonic()
            return now - self._lost - self._overdue(now)

    def lost(self) -> float:
        """Return how many seconds were lost until now."""
        with self._lock:
            return self._lost + self._overdue(time.monotonic())

    def next_beat(self, due: float | None) -> None:
        """Let an observer announce when it means to come next (monotonic); None when it comes no more.

        Between that moment and its coming nothing counts as soon as it is late: whoever wakes up before the
        observer, after both were stopped, must not find a bound exceeded.
        """
        with self._lock:
            self._lost += self._overdue(time.monotonic())
            self._due = due

    def lose(self, seconds: float) -> None:
        """Take out seconds that have just passed."""
        with self._lock:
            self._lost += seconds

    def _overdue(self, now: float) -> float:
        late = 0.0 if self._due is None else now - self._due
        return late if late >= FROZEN_SECONDS else 0.0


WORKING_TIME = WorkingTime()
"""Of this process: a scenario that runs beside others has a process of its own."""


def now() -> float:
    """Return the working time of this process, seconds since some moment."""
    return WORKING_TIME.now()


def sleep(seconds: float) -> None:
    """Wait some seconds."""
    time.sleep(seconds)
