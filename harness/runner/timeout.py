"""Ends a scenario that takes longer than it may."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from harness.base.working_time import WORKING_TIME

_AGAIN_SECONDS = 60.0
"""After which the end is called for once more: a script may have taken the first call for something else."""


class TimeIsUpError(BaseException):
    """A scenario has had its time; not an Exception, so that no wait takes it for trouble that passes."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Bound the working time of a block; only in the main thread, the only one that signals interrupt.

    Raises:
        TimeIsUpError: the time is up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    lost = WORKING_TIME.lost()

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal lost
        more = WORKING_TIME.lost() - lost
        if more > 0:
            # So long nothing could be done.
            lost += more
            signal.setitimer(signal.ITIMER_REAL, more, _AGAIN_SECONDS)
            return
        raise TimeIsUpError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
