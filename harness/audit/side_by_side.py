"""Works on recordings with all processors."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

from harness.base.errors import InfrastructureError

T = TypeVar("T")


def of_each(perform: Callable[[Path], T], folders: Sequence[Path]) -> list[T]:
    """Return what comes of each folder, in their order; a single one needs no other process.

    Args:
        perform: is called in a process that was forked.
        folders: of one recording each.

    Raises:
        InfrastructureError: a process was ended by something else.
        Exception: the first one that `perform` raises.
    """
    if len(folders) < 2:
        return [perform(folder) for folder in folders]
    # Forked, so that operators and rules that a test has put in place are there, too.
    fork, others = multiprocessing.get_context("fork"), multiprocessing.active_children()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=fork, initializer=endable) as pool:
        found = pool.map(perform, folders)
        workers = [each for each in multiprocessing.active_children() if each not in others]
        try:
            return list(found)
        except BrokenProcessPool as error:
            raise InfrastructureError(
                "a process that mutates recordings was ended by something else",
                next_step="look for what ended it, such as the kernel for want of memory (dmesg), then "
                "`chaos-harness mutate REPORT/recordings`",
            ) from error
        except BaseException:
            # Else leaving the pool waits for all that they have begun.
            for worker in workers:
                worker.kill()
            raise


def endable() -> None:
    """Let signals end a worker at once: one that unwinds may keep a lock that the others wait for."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
