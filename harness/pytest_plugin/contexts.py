"""`chaos-harness run` with several `--context`: one run after the other, and a matrix of their verdicts."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from harness.base.errors import ExitCode, UsageError

_CONTEXT, _REPORT, _JUNIT = "--context", "--report", "--junitxml"
_LONG = {_CONTEXT: "--chaos-context", _REPORT: "--chaos-report", _JUNIT: "--junit-xml"}
_IN_CLUSTER = {"--in-cluster", "--chaos-in-cluster"}
_FOLDER = "report-of-clusters"
_UNSAFE = re.compile(r"[^\w.-]+")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def values_of(option: str, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the values of an option in a command line, by both of its names, and the words without it."""
    found, rest = [], []
    left = iter(words)
    for word in left:
        name, _, value = word.partition("=")
        if word in (option, _LONG[option]):
            found.append(next(left, ""))
        elif name in (option, _LONG[option]):
            found.append(value)
        else:
            rest.append(word)
    return found, rest


def run_each(contexts: Sequence[str], words: Sequence[str]) -> int:
    """Run scenarios in each cluster, in a process of its own; return the exit code of all.

    Args:
        contexts: of the clusters.
        words: the other words of the command line.

    Raises:
        UsageError: a context is named twice, or an option cannot go with several of them.
    """
    reports, rest = values_of(_REPORT, words)
    folder = Path(reports[-1] if reports else _FOLDER)
    names = [_UNSAFE.sub("-", context).strip("-.") for context in contexts]
    if len(set(names)) < len(names) or not all(names):
        raise UsageError(
            f"two contexts have one name, or none: {', '.join(contexts)}", next_step="name each once"
        )
    if values_of(_JUNIT, rest)[0]:
        raise UsageError(
            f"{_JUNIT} cannot go with several {_CONTEXT}",
            next_step="leave it out: each run writes junit.xml into its own report",
        )
    from harness.report import clusters

    runs = []
    for context, name in zip(contexts, names, strict=True):
        report = folder / name
        sys.stdout.write(f"\n{context}:\n")
        sys.stdout.flush()
        own = [_CONTEXT, context, _REPORT, str(report)]
        if not _IN_CLUSTER & {*rest}:
            # A merged report has it anyway.
            own.append(f"{_JUNIT}={report / 'junit.xml'}")
        code = _called([sys.executable, "-m", "harness.cli", "run", *rest, *own])
        runs.append(clusters.run_in(report, context, code))
        if code == ExitCode.INTERRUPTED:
            break
    page, code = clusters.write(folder, runs)
    sys.stdout.write(f"matrix: {page}\n")
    return code


def _called(command: list[str]) -> int:
    """Run a command to its end, which the bounds of its scenarios bound; hand on what asks it to end."""
    process = subprocess.Popen(command)

    def hand_on(number: int, _: FrameType | None) -> None:
        process.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in _SIGNALS}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
