"""Every subprocess of the harness goes through here: bounded, named, logged, ended with its children."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.base.errors import InfrastructureError
from harness.base.files import append, named
from harness.base.redaction import redact, redact_lines

_TAIL_LINES = 15
_GRACE_SECONDS = 5.0
_CANCEL_CHECK_SECONDS = 0.2


@dataclass(frozen=True)
class Result:
    """What a command left: its exit code, its output (text), how long it took (seconds)."""

    returncode: int
    stdout: str
    stderr: str
    seconds: float


class CommandError(InfrastructureError):
    """A command failed, could not be started, or did not end in time."""


def run(
    name: str,
    argv: Sequence[str | Path],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    input_text: str | None = None,
    stdin_file: Path | None = None,
    stdout_file: Path | None = None,
    log: Path | None = None,
    check: bool = True,
    next_step: str = "",
    cancel: threading.Event | None = None,
) -> Result:
    """Run a command to its end.

    Args:
        name: what the command does, for messages: "create the kind cluster".
        argv: the command and its arguments; no shell is involved.
        timeout: seconds; then the whole process group is ended.
        env: variables set on top of the environment.
        cwd: the folder to run in.
        input_text: text for standard input (default: no input).
        stdin_file: a file for standard input.
        stdout_file: a file that takes standard output; `Result.stdout` is then empty.
        log: a file that the output is appended to; named in the error.
        check: raise on an exit code other than 0.
        next_step: what a person should do when it fails.
        cancel: ends the command once it is set: for work of several threads, of which one failed.

    Raises:
        CommandError: not found, not ended in time, cancelled, or (with `check`) failed.
    """
    words = [str(word) for word in argv]
    began = time.monotonic()
    with contextlib.ExitStack() as files:
        out: IO[bytes] = files.enter_context(
            stdout_file.open("wb") if stdout_file else tempfile.TemporaryFile()  # noqa: SIM115  (it is one)
        )
        err: IO[bytes] = files.enter_context(tempfile.TemporaryFile())
        source: IO[bytes] | int = subprocess.DEVNULL
        if stdin_file:
            source = files.enter_context(stdin_file.open("rb"))
        elif input_text is not None:
            source = files.enter_context(tempfile.TemporaryFile())
            with named(Path(tempfile.gettempdir())):
                source.write(input_text.encode())
                source.seek(0)
        try:
            process = subprocess.Popen(
                words,
                stdin=source,
                stdout=out,
                stderr=err,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        except OSError as error:
            raise CommandError(
                f"cannot {name}: {words[0]}: {error.strerror or error}", next_step=next_step
            ) from error
        timed_out = False
        try:
            _wait(process, timeout, cancel)
        except subprocess.TimeoutExpired:
            timed_out = True
            end_group(process)
        except BaseException:
            end_group(process)
            raise
        result = Result(
            process.returncode,
            "" if stdout_file else _text(out),
            _text(err),
            time.monotonic() - began,
        )
    if log:
        _append(log, name, words, result)
    if timed_out or (check and result.returncode != 0):
        how = f"exit code {result.returncode}"
        if timed_out:
            cancelled = cancel is not None and cancel.is_set()
            how = "cancelled" if cancelled else f"no end within {timeout:.0f} s"
        tail = (result.stderr.strip() or result.stdout.strip()).splitlines()[-_TAIL_LINES:]
        raise CommandError(
            f"cannot {name}: {how}",
            next_step=next_step,
            details=[redact(f"command: {shlex.join(words)}"), *redact_lines(tail)],
            log=log,
        )
    return result


def _wait(process: subprocess.Popen[bytes], timeout: float, cancel: threading.Event | None) -> None:
    if cancel is None:
        process.wait(timeout)
        return
    deadline = time.monotonic() + timeout
    while True:
        try:
            process.wait(_CANCEL_CHECK_SECONDS)
        except subprocess.TimeoutExpired:
            if cancel.is_set() or time.monotonic() > deadline:
                raise
        else:
            return


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process started in its own session, and its children: politely, then for good."""
    for sign, patience in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, _GRACE_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")


def _append(log: Path, name: str, words: list[str], result: Result) -> None:
    said = redact(f"# {name}\n$ {shlex.join(words)}\n") + redact(result.stdout + result.stderr)
    append(log, f"{said}# exit code {result.returncode} after {result.seconds:.1f} s\n\n")
