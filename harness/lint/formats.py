"""What lint found, for a person at a terminal, for a program, and for GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.base.words import cut, inert, printable
from harness.lint.lint import LintResult
from harness.scenario.problem import Problem

MOST_LINES = 1000
"""Problems that are told one by one; files that a program made wrong have tens of thousands."""

_BOLD, _RED, _YELLOW, _GREEN, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[0m"
_PROPERTY = {"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"}


def text(found: LintResult, *, colours: bool = False) -> Iterator[str]:
    """Yield a line for each problem, as editors and CI logs link it, and a sum last."""
    for problem in found.problems[:MOST_LINES]:
        yield _coloured(problem) if colours else inert(str(problem))
    if len(found.problems) > MOST_LINES:
        yield f"and {len(found.problems) - MOST_LINES} more"
    yield found.total


def _coloured(problem: Problem) -> str:
    place = f"{problem.path}:{problem.line}:{problem.column}" if problem.line else str(problem.path)
    colour, level = (_YELLOW, "warning") if problem.warning else (_RED, "error")
    better = printable(cut(problem.suggestion)) if problem.suggestion else ""
    hint = f" (did you mean {_GREEN}`{better}`{_PLAIN}?)" if better else ""
    return (
        f"{_BOLD}{printable(place)}:{_PLAIN} {colour}{level}:{_PLAIN} {printable(cut(problem.message))}{hint}"
    )


def as_json(found: LintResult, *, colours: bool = False) -> Iterator[str]:
    """Yield one document: all problems, and how much was checked."""
    document = {
        "problems": [
            {
                "file": str(each.path),
                "line": each.line,
                "column": each.column,
                "level": "warning" if each.warning else "error",
                "message": each.message,
                "suggestion": each.suggestion,
            }
            for each in found.problems
        ],
        "scenarios": found.scenarios,
        "files": found.files,
    }
    yield from json.dumps(document, indent=1).splitlines()


def github(found: LintResult, *, colours: bool = False) -> Iterator[str]:
    """Yield a workflow command for each problem, which GitHub shows at its line, and a sum last."""
    for each in found.problems[:MOST_LINES]:
        place = {"file": _relative(each.path), "line": str(each.line), "col": str(each.column)}
        shown = ",".join(f"{name}={_escaped(value)}" for name, value in place.items() if value != "0")
        hint = f" (did you mean `{each.suggestion}`?)" if each.suggestion else ""
        message = printable(cut(each.message) + hint).replace("%", "%25")
        yield f"::{'warning' if each.warning else 'error'} {shown}::{message}"
    yield found.total


def _relative(path: Path) -> str:
    here = Path.cwd()
    whole = path.resolve()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)


def _escaped(value: str) -> str:
    return "".join(_PROPERTY.get(letter, letter) for letter in value)


FORMATS: dict[str, Callable[..., Iterator[str]]] = {"text": text, "json": as_json, "github": github}
"""By the name that is chosen."""
