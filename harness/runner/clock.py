"""Prometheus' time, told by the harness' own clock and the measured offset between the two."""

from __future__ import annotations

import time
from dataclasses import dataclass

from harness.base import working_time
from harness.runner import interrupts


@dataclass(frozen=True)
class Clock:
    """The offset of Prometheus' clock from ours, and how sure that is; seconds."""

    offset: float
    uncertainty: float

    def now(self) -> float:
        """Return the time on Prometheus' clock, seconds since the epoch."""
        return time.time() + self.offset

    def working(self) -> float:
        """Return the time that bounds in seconds go by; see harness/base/working_time.py."""
        return working_time.now()

    def sleep(self, seconds: float) -> None:
        """Wait; here, so that tests can do without waiting."""
        interrupts.raise_ignored()
        time.sleep(seconds)
