"""Runs steps at once; the first that fails ends the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait


def together(cancel: threading.Event, *steps: Callable[[], None]) -> None:
    """Run the steps, each in a thread, and return when all have ended.

    Args:
        cancel: set when one fails or when the user interrupts; the steps' commands watch it.
        steps: what to do.

    Raises:
        BaseException: what the first failed step raised.
    """
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        futures: list[Future[None]] = [pool.submit(step) for step in steps]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            failed = [future for future in futures if future in done and future.exception()]
            if failed:
                failed[0].result()
        except BaseException:
            cancel.set()
            raise
