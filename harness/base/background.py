"""Calls a function in a process that is forked for it, while this process goes on."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import FrameType
from typing import Generic, TypeVar

from harness.base.apart import EndedError, called_quietly, sendable

_Result = TypeVar("_Result")
_FORK = multiprocessing.get_context("fork")
_PR_SET_PDEATHSIG = 1
_KILL_SECONDS = 5.0


class Background(Generic[_Result]):
    """A call that goes on, until `result` is asked for or it is stopped.

    What it prints goes nowhere. It is interrupted (KeyboardInterrupt) when this process ends, however
    suddenly.

    Attributes:
        connection: has something to read, or is closed at its other end, once the call is over.
    """

    def __init__(self, function: Callable[[], _Result], what: str) -> None:
        """Begin; the caller has no other thread.

        Args:
            function: its result has to be one that pickle can send.
            what: the subject of messages: "bringing up the cluster x".
        """
        self._what = what
        self.connection, theirs = _FORK.Pipe(duplex=False)
        # No daemon of multiprocessing: that is not allowed any process of its own.
        self._process = _FORK.Process(target=_call, args=(function, self.connection, theirs, os.getpid()))
        self._process.start()
        theirs.close()

    def result(self) -> _Result:
        """Wait for what the function returns.

        Raises:
            EndedError: the process ended before.
            Exception: what the function raised.
        """
        try:
            raised, value = self.connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(_KILL_SECONDS)
            code = self._process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            raise EndedError(f"the process of {self._what} ended: {how}") from error
        finally:
            self._end(_KILL_SECONDS)
        if raised:
            raise value
        return value  # type: ignore[no-any-return]

    def interrupt(self) -> None:
        """Interrupt the call, and do not wait until it has put things right."""
        if self._process.is_alive():
            self._process.terminate()

    def stop(self, seconds: float) -> None:
        """Interrupt the call, and end it by force if it is not over after so long."""
        self.interrupt()
        self._end(seconds)

    def _end(self, seconds: float) -> None:
        try:
            self._process.join(seconds)
        finally:
            if self._process.is_alive():
                self._process.kill()
                self._process.join(_KILL_SECONDS)
            self.connection.close()


def _call(function: Callable[[], object], ours: Connection, theirs: Connection, parent: int) -> None:
    """Be the process."""
    ours.close()
    for number in (signal.SIGINT, signal.SIGHUP):
        # Ctrl-C goes to all processes of a terminal; the parent ends this one when it is time.
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, interrupt_once)
    # The pipe does not tell it: processes that the parent forks later hold its other end open.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
    told = called_quietly(function)
    with contextlib.suppress(OSError):
        theirs.send_bytes(sendable(told))
    # What was forked with the parent's memory is the parent's to close and to flush.
    os._exit(0)


def interrupt_once(_number: int, _frame: FrameType | None) -> None:
    """Handle SIGTERM: interrupt this process, and let it put things right whatever comes then."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt("SIGTERM")
