"""Tells whether the cluster is gone for good: then nothing that is left of a run can be decided."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.base.errors import HarnessError
from harness.base.waiting import asking

RETURN_SECONDS = 60.0
"""How long the API server or Prometheus may be gone; one that is restarted is back by then."""
PROBE_SECONDS = 3.0
_PAUSE_SECONDS = 1.0

Probe = tuple[str, Callable[[], object]]
"""What is asked, and how; raises HarnessError where it does not answer."""


@dataclass(frozen=True)
class Outage:
    """Something that the run cannot do without is gone.

    Attributes:
        what: "the API server".
        since: when it was first seen to be gone, epoch seconds.
        how: what it answered, or did not.
    """

    what: str
    since: float
    how: str

    def __str__(self) -> str:
        """Return it as the reason why a scenario was not run."""
        return (
            f"{self.what} is gone since {datetime.fromtimestamp(self.since, UTC):%H:%M:%S} UTC ({self.how})"
        )


def lasting(
    probes: Sequence[Probe],
    now: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
) -> Outage | None:
    """Return what does not answer, and does not come back within RETURN_SECONDS; None when all answer.

    Args:
        probes: in the order in which one depends on those before it.
        now: a clock, epoch seconds.
        pause: waits between two looks, seconds.
    """
    from tenacity import RetryError, retry_if_result

    if _missing(probes) is None:
        return None
    since = now()
    gone = retry_if_result(lambda missing: missing is not None)
    try:
        asking(gone, seconds=RETURN_SECONDS, every=_PAUSE_SECONDS, clock=now, sleep=pause)(_missing, probes)
    except RetryError as late:
        what, how = late.last_attempt.result()
        return Outage(what, since, how)
    return None


def _missing(probes: Sequence[Probe]) -> tuple[str, str] | None:
    for what, ask in probes:
        try:
            ask()
        except HarnessError as error:
            return what, str(error)
    return None
