"""Calls a function in a process of its own, which has so much time and memory and can break nothing else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import TypeVar

from harness.base.errors import UsageError

_Result = TypeVar("_Result")
_FORK = multiprocessing.get_context("fork")
_END_SECONDS = 5.0
MOST_MEMORY = 2 * 1024 * 1024 * 1024
"""Bytes that a scenario's own code may take in addition to what the harness has."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


class EndedError(UsageError):
    """A process ended before it told what it came to, or had to be ended."""


def apart(function: Callable[[], _Result], what: str, *, seconds: float, memory: int) -> _Result:
    """Return what a function returns, which is called in a process that is forked for it.

    What it prints goes nowhere, and no process that it leaves behind stays.

    Args:
        function: its result has to be one that pickle can send.
        what: the subject of messages: "scenarios/x.py".
        seconds: how long it may take.
        memory: how much it may take in addition to what the process has, bytes.

    Raises:
        EndedError: it took too long, or ended the process.
        Exception: what the function raised.
    """
    ours, theirs = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_child, args=(function, theirs, memory), daemon=True)
    process.start()
    assert process.pid is not None
    theirs.close()
    deadline = time.monotonic() + seconds
    try:
        if not ours.poll(max(deadline - time.monotonic(), 0.0)):
            raise EndedError(f"{what} takes longer than {seconds:g} s", next_step="let it do less")
        raised, value = ours.recv()
    except (EOFError, OSError) as error:
        process.join(_END_SECONDS)
        code = process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        raise EndedError(f"{what} ended the process: {how}", next_step="correct the file") from error
    finally:
        end_group(process.pid)
        process.join(_END_SECONDS)
        ours.close()
    if raised:
        raise value
    return value  # type: ignore[no-any-return]


def be_bounded(memory: int) -> None:
    """Give this process a group of its own, and a bound to the memory that it may still take, bytes."""
    os.setpgid(0, 0)
    has = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = has + memory if hard == resource.RLIM_INFINITY else min(has + memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_group(leader: int) -> None:
    """End a process that began with `be_bounded`, and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(leader, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _child(function: Callable[[], object], theirs: Connection, memory: int) -> None:
    me = os.getpid()

    def bounded() -> object:
        be_bounded(memory)
        return function()

    told = called_quietly(bounded)
    if os.getpid() == me:
        with contextlib.suppress(OSError):
            theirs.send_bytes(sendable(told))
    os._exit(0)


def called_quietly(function: Callable[[], object]) -> tuple[bool, object]:
    """Call a function in a process of its own, with nothing to read and nobody who sees what it prints.

    Returns:
        Whether it raised, and what it came to; what is no Exception is an EndedError.
    """
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        sys.stdout = sys.stderr = os.fdopen(nowhere, "w")
        return False, function()
    except Exception as error:
        return True, error
    except BaseException as error:
        return True, EndedError(f"{type(error).__name__}: {error}")


def sendable(told: tuple[bool, object]) -> bytes | memoryview:
    """Return whether a function raised, and what it came to, as it is sent; what cannot be is an error."""
    try:
        content = ForkingPickler.dumps(told)
        ForkingPickler.loads(content)
    except Exception:
        return ForkingPickler.dumps((True, EndedError(f"{type(told[1]).__name__}: {told[1]}")))
    return content
