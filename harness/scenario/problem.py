"""What is wrong in a scenario file, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.base.errors import UsageError
from harness.base.words import cut, printable
from harness.scenario.positions import DocumentPath, Place

Wrong = tuple[DocumentPath, str, str | None]
"""Where something is wrong, what, and what was probably meant."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file.

    Attributes:
        path: the file.
        line: counted from 1; 0 when the problem is the file itself.
        column: counted from 1; 0 when the problem is the file itself.
        message: what is wrong, in one sentence without a full stop.
        suggestion: what was probably meant, to be put in its place.
        warning: the file can be used all the same.
    """

    path: Path
    line: int
    column: int
    message: str
    suggestion: str | None = None
    warning: bool = False

    @classmethod
    def at(
        cls, path: Path, place: Place, message: str, suggestion: str | None = None, *, warning: bool = False
    ) -> Problem:
        """Return a problem at a place of a scenario file, or of a file that it includes.

        What is wrong in an included file may be so for one of the scenarios that include it only.
        """
        if place.file is not None:
            message = f"{message} (included by {path.name})"
        return cls(place.file or path, place.line, place.column, message, suggestion, warning)

    def __str__(self) -> str:
        """Return `file:line:column: message (did you mean ...?)`, as editors and CI logs link it."""
        place = f"{self.path}:{self.line}:{self.column}" if self.line else str(self.path)
        hint = f" (did you mean `{cut(self.suggestion)}`?)" if self.suggestion else ""
        level = "warning: " if self.warning else ""
        return printable(f"{place}: {level}{cut(self.message)}{hint}")


class ScenarioError(UsageError):
    """One scenario file, or several, cannot be used.

    Attributes:
        problems: everything that was found, in the order of the file; at least one.
    """

    problems: list[Problem]

    def __init__(self, problems: Sequence[Problem]) -> None:
        found = list(problems)
        lines = [str(problem) for problem in found]
        if len(lines) == 1:
            super().__init__(lines[0])
        else:
            files = sorted({str(problem.path) for problem in found})
            super().__init__(f"{len(lines)} problems in {', '.join(files)}", details=lines)
        self.problems = found


def in_order(path: Path, problems: Iterable[Problem]) -> list[Problem]:
    """Return problems once each, in the order of the file; those of files that it includes come after."""

    def place(problem: Problem) -> tuple[bool, str, int, int, str]:
        return problem.path != path, str(problem.path), problem.line, problem.column, problem.message

    return sorted(set(problems), key=place)


def told_once(found: Sequence[tuple[str | None, Sequence[Problem]]]) -> list[Problem]:
    """Return the problems of all cases of a file, each once; one that only some have names them.

    Args:
        found: the name of each case, None for a file without cases, and what is wrong with it.
    """
    cases: dict[Problem, list[str]] = {}
    for case, problems in found:
        for problem in dict.fromkeys(problems):
            cases.setdefault(problem, []).append(f"`{case}`")
    told = []
    for problem, names in cases.items():
        some = f"in the case{'s' if len(names) > 1 else ''} {', '.join(names)}"
        everywhere = len(names) == len(found)
        told.append(problem if everywhere else replace(problem, message=f"{problem.message} ({some})"))
    return told
