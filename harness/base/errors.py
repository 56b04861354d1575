"""Errors as values with fields; rendered at the edge, by the command line and the pytest plugin."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import ClassVar

from harness.base.words import cut

MOST_DETAILS = 500
"""Lines of details that are shown: a file may have a mistake in each of its lines."""


class ExitCode(IntEnum):
    """Exit codes of `chaos-harness` and of pytest with the plugin; docs/exit-codes.md explains them.

    0 to 5 are pytest's own.
    """

    OK = 0
    FAILED = 1
    INTERRUPTED = 2
    INTERNAL = 3
    USAGE = 4
    NOTHING_RAN = 5
    INFRASTRUCTURE = 6


@dataclass(eq=False)
class HarnessError(Exception):
    """Something went wrong and a person has to act.

    Attributes:
        problem: one sentence that names the thing: "kind is not on PATH".
        next_step: what to do about it, as an instruction.
        details: further lines, such as the end of a command's output.
        log: the file that holds everything, when there is one.
    """

    problem: str
    next_step: str = ""
    details: list[str] = field(default_factory=list)
    log: Path | None = None

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL

    def __str__(self) -> str:
        """Return the problem alone, cut to a line; `render` gives everything."""
        return cut(self.problem)

    def render(self) -> str:
        """Return the whole message, several lines, each cut to what a person can read."""
        lines = [cut(self.problem)]
        lines += [f"  {cut(detail)}" for detail in self.details[:MOST_DETAILS]]
        if len(self.details) > MOST_DETAILS:
            lines.append(f"  and {len(self.details) - MOST_DETAILS} more lines")
        if self.next_step:
            lines.append(f"  next step: {cut(self.next_step)}")
        if self.log:
            lines.append(f"  log: {self.log}")
        return "\n".join(lines)


class UsageError(HarnessError):
    """The user's input is wrong: a scenario file, an option, a name."""

    exit_code = ExitCode.USAGE


class BoundaryError(UsageError):
    """A scenario would reach what is not its own: another namespace, the API server; nothing was sent."""


class InfrastructureError(HarnessError):
    """The stack failed, not the product: no engine, API server gone, target down, disk full."""

    exit_code = ExitCode.INFRASTRUCTURE


class DefectError(HarnessError):
    """The harness itself is wrong; nothing is known about the product."""

    exit_code = ExitCode.INTERNAL
