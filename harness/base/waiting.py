"""How the harness waits for what sends no event: asked again and again, for so many seconds at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.base import working_time

if TYPE_CHECKING:
    from tenacity import Retrying
    from tenacity.retry import retry_base


def asking(
    again: retry_base,
    *,
    seconds: float,
    every: float,
    clock: Callable[[], float] = working_time.now,
    sleep: Callable[[float], None] = working_time.sleep,
) -> Retrying:
    """Return what calls a function until its answer will do: `asking(...)(function, *arguments)`.

    An error that is not waited for is raised at once. When the time is over, the last error is raised as it
    is, and for a last answer that will not do a RetryError, whose `last_attempt.result()` it is.

    Args:
        again: which answers or errors are waited for to change.
        seconds: the bound, from now; also for several calls together.
        every: seconds between two calls.
        clock: what the bound goes by.
        sleep: waits some seconds.
    """
    from tenacity import Retrying, wait_fixed

    end = clock() + seconds
    return Retrying(
        retry=again,
        stop=lambda _: clock() >= end,
        wait=wait_fixed(every),
        sleep=sleep,
        reraise=True,
    )
