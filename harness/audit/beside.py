"""Audits recordings while other scenarios still run, so that little is left for the end of the run.

A recording is final when its scenario has ended. One process at a time audits what has come since the one
before, at idle priority: it runs when nothing else would, and takes no time from scenarios or from the
cluster. What a process does not bring about is left for the end, and so is the error that ended it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import BinaryIO, NamedTuple

from harness.audit.recording_audit import RecordingAudit, audit
from harness.audit.side_by_side import endable, of_each

_FORK = multiprocessing.get_context("fork")
_END_SECONDS = 5.0


class _Auditor(NamedTuple):
    """A process, and the memory that it writes its audits to."""

    process: ForkProcess
    audits: BinaryIO


class AuditsBeside:
    """The audits of one run's recordings."""

    def __init__(self) -> None:
        self._waiting: list[Path] = []
        self._auditor: _Auditor | None = None
        self._done: dict[Path, RecordingAudit] = {}

    def add(self, folder: Path) -> None:
        """Audit a recording that nothing is added to any more, soon."""
        self._waiting.append(folder)
        self._take_in()
        if self._auditor is None:
            self._start()

    def of(self, folders: list[Path]) -> list[RecordingAudit]:
        """Return the audits of recordings, in their order; what is not done yet, all processors do.

        Raises:
            RecordingError: one cannot be read.
            InfrastructureError: a process was ended by something else.
        """
        # What runs at idle priority may wait for ever.
        self.close()
        left = [folder for folder in folders if folder not in self._done]
        self._done |= zip(left, of_each(audit, left), strict=True)
        return [self._done[folder] for folder in folders]

    def close(self) -> None:
        """End the process that is at work; what it has done until then is kept."""
        if self._auditor is not None:
            self._auditor.process.kill()
            self._auditor.process.join(_END_SECONDS)
            self._take_in()

    def _start(self) -> None:
        folders, self._waiting = self._waiting, []
        # Of the memory: the disk may be full, and a pipe would have to be read while the process is at work.
        audits = os.fdopen(os.memfd_create("audits"), "w+b")
        process = _FORK.Process(target=_audit, args=(folders, audits, os.getpid()), daemon=True)
        process.start()
        self._auditor = _Auditor(process, audits)

    def _take_in(self) -> None:
        auditor = self._auditor
        if auditor is None or auditor.process.is_alive():
            return
        self._auditor = None
        with auditor.audits:
            auditor.audits.seek(0)
            # The last one may be written in part.
            with contextlib.suppress(EOFError, pickle.UnpicklingError):
                while True:
                    folder, found = pickle.load(auditor.audits)  # noqa: S301  (nobody else can write there)
                    self._done[folder] = found
        auditor.process.close()


def _audit(folders: list[Path], audits: BinaryIO, parent: int) -> None:
    """Be the process: write each audit as soon as it is there."""
    endable()
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        for folder in folders:
            if os.getppid() == parent:
                pickle.dump((folder, audit(folder)), audits)
                audits.flush()
    finally:
        # What was forked with the parent's memory is the parent's to close and to flush.
        os._exit(0)
