"""A run of the harness in a process group of its own, followed line by line: ci/faults."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ci.safe_proof import reasons
from harness.base.errors import ExitCode, HarnessError

_MARK_SECONDS = 240.0
_LAST_LINE_SECONDS = 60.0
_SHOWN = 25


class NotAsExpectedError(HarnessError):
    """A run ended in another way than it should have."""

    exit_code = ExitCode.FAILED


@dataclass
class BrokenRun:
    """A run, and what it has printed until now.

    Attributes:
        report: its report's folder.
        said: its lines.
    """

    process: subprocess.Popen[str]
    report: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to read."""
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def start(cls, words: list[str], report: Path, env: dict[str, str], folder: Path) -> BrokenRun:
        """Begin a run; `env` is set on top of the environment."""
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.cli", "run", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # So that a kill reaches all of it, and nothing else.
            start_new_session=True,
            cwd=folder,
            env={**os.environ, **env},
        )
        return cls(process, report)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())
        self._lines.put(None)

    def until(self, pattern: str, seconds: float = _MARK_SECONDS) -> str:
        """Wait for a line, and return it.

        Raises:
            NotAsExpectedError: the run ended without it, or it does not come.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise self.error(f"the run does not come to {pattern!r}") from None
            if line is None:
                self._lines.put(None)
                raise self.error(f"the run ended before {pattern!r}")
            self.said.append(line)
            if re.search(pattern, line):
                return line

    def end(self, seconds: float) -> int:
        """Wait for its end; return its exit code.

        Raises:
            NotAsExpectedError: it does not end.
        """
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise self.error(f"the run does not end within {seconds:.0f} s") from None
        while (line := self._lines.get(timeout=_LAST_LINE_SECONDS)) is not None:
            self.said.append(line)
        return code

    def kill(self) -> None:
        """End it and all of its processes, if they have not ended."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def children(self) -> list[int]:
        """Return the process ids of its scenarios' own processes."""
        proc = Path("/proc")
        mine = proc / str(self.process.pid)
        found = (mine / f"task/{self.process.pid}/children").read_text().split()
        # They are forked, so that they go by the run's own words; what renews its Lease is a program.
        words = (mine / "cmdline").read_bytes()
        return [int(each) for each in found if (proc / each / "cmdline").read_bytes() == words]

    def error(self, problem: str) -> NotAsExpectedError:
        """Return an error with its last lines."""
        return NotAsExpectedError(problem, details=self.said[-_SHOWN:])


@dataclass(frozen=True)
class Ended:
    """How a scenario ended: its verdict, and why it did not pass; both as results.json has them."""

    verdict: str
    reason: str = ""


def endings(report: Path) -> dict[str, Ended]:
    """Return how scenarios ended, as far as it was written."""
    try:
        value = json.loads((report / "results.json").read_text())
    except (OSError, ValueError):
        return {}
    found = {
        each["name"]: Ended(str(each["verdict"]), next(iter(reasons(each)), ""))
        for each in value["scenarios"]
    }
    return {
        **found,
        **{each["name"]: Ended("not run", each.get("reason") or "") for each in value.get("not_run", [])},
    }


def called(*words: str, seconds: float, log: Path | None = None) -> int:
    """Call a command of the harness; return its exit code. What it prints goes to the log, else to stderr."""
    argv = [sys.executable, "-m", "harness.cli", *words]
    if log is None:
        return subprocess.run(argv, timeout=seconds, check=False, stdout=sys.stderr).returncode
    with log.open("a") as out:
        return subprocess.run(argv, timeout=seconds, check=False, stdout=out, stderr=out).returncode
