"""Prometheus' time, told by the harness' own clock and the measured offset between the two."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """The offset of Prometheus' clock from ours, and how sure that is; seconds."""

    offset: float
    uncertainty: float

    def now(self) -> float:
        """Return the time on Prometheus' clock, seconds since the epoch."""
        return time.time() + self.offset

    def sleep(self, seconds: float) -> None:
        """Wait; here, so that tests can do without waiting."""
        time.sleep(seconds)
