"""Loads a scenario file: YAML with places, checked against the model, all problems at once."""

from __future__ import annotations

import codecs
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.base.words import meant
from harness.scenario.document import parse
from harness.scenario.model import ACTIONS, Scenario
from harness.scenario.positions import DocumentPath, Positions
from harness.scenario.problem import Problem, ScenarioError
from harness.scenario.translate import describe, problems_of

__all__ = ["MOST_BYTES", "ScenarioError", "ScenarioFile", "load", "read_text"]

MOST_BYTES = 1024 * 1024
"""The largest scenario file, bytes: the largest one anybody wrote is some thousands."""

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario and where it came from.

    Attributes:
        path: the file.
        scenario: what it holds.
        positions: the places of its values.
        text: the whole file.
        data: the document as it is written: short forms kept, no defaults.
        case: the name of the case, of a file with several.
    """

    path: Path
    scenario: Scenario
    positions: Positions
    text: str
    data: dict[str, Any]
    case: str | None = None

    @property
    def name(self) -> str:
        """What people call it: `stressors[cpu]`; folders and Kubernetes have `stressors-cpu`."""
        safe = self.scenario.scenario
        return safe if self.case is None else f"{safe.removesuffix(f'-{self.case}')}[{self.case}]"

    def problem(self, at: DocumentPath, message: str, suggestion: str | None = None) -> Problem:
        """Return a problem at a place of the document."""
        place = self.positions.at(at)
        return Problem(self.path, place.line, place.column, message, suggestion)


def load(path: Path) -> list[ScenarioFile]:
    """Return the scenarios that a file holds: one, or one for each of its cases.

    Checked is what the language itself says; references, the order of steps, metrics and the
    arguments of expectations have checks of their own.

    Raises:
        ScenarioError: the file cannot be read or holds no scenario; with all problems at once.
    """
    text = read_text(path)
    data, positions, problems = parse(path, text)
    if not isinstance(data, dict):
        message = f"a scenario file holds a mapping that begins with `scenario: NAME`, not {describe(data)}"
        raise ScenarioError([*problems, Problem(path, 1, 1, message)])
    problems += _unknown_chaos(data, path, positions)
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        found = problems_of(error, data, path, positions)
        # The model tells of the first unknown name only, and not where.
        told = bool(problems)
        problems += [item for item in found if not (told and "no chaos is named" in item.message)]
    if problems or scenario is None:
        unique = sorted(set(problems), key=lambda problem: (problem.line, problem.column, problem.message))
        raise ScenarioError(unique)
    return [ScenarioFile(path, scenario, positions, text, data)]


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        ScenarioError: it is not there, no file, too large, not readable, or not UTF-8.
    """
    try:
        if path.is_dir():
            raise ScenarioError([_of_file(path, "is a folder, not a scenario file")])
        if not stat.S_ISREG(path.stat().st_mode):
            raise ScenarioError([_of_file(path, "is not a regular file")])
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise ScenarioError([_of_file(path, "there is no such file")]) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ScenarioError([_of_file(path, f"cannot be read: {reason}")]) from error
    if len(raw) > MOST_BYTES:
        raise ScenarioError([_of_file(path, "is larger than 1 MiB; that is no scenario file")])
    if raw.startswith(codecs.BOM_UTF8):
        message = "begins with a byte order mark; save it as UTF-8 without one"
        raise ScenarioError([Problem(path, 1, 1, message)])
    if raw.startswith(_BOMS):
        raise ScenarioError([Problem(path, 1, 1, "is UTF-16; save it as UTF-8")])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        message = f"is not UTF-8: byte 0x{raw[error.start]:02x}"
        raise ScenarioError([Problem(path, line, column, message)]) from error


def _of_file(path: Path, message: str) -> Problem:
    return Problem(path, 0, 0, message)


def _unknown_chaos(data: dict[str, Any], path: Path, positions: Positions) -> list[Problem]:
    defined, steps = data.get("chaos"), data.get("steps")
    names = [str(name) for name in defined] if isinstance(defined, dict) else []
    found = []
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        for action in ACTIONS:
            name = step.get(action) if isinstance(step, dict) else None
            if action in ("wait", "traffic") or not isinstance(name, str) or name in names:
                continue
            place = positions.at(("steps", index, action))
            known = ", ".join(sorted(names)) or "none"
            message = f"no chaos is named `{name}` (defined: {known})"
            found.append(Problem(path, place.line, place.column, message, meant(name, names)))
    return found
