"""Finds scenario files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from harness.scenario.problem import Problem, ScenarioError
from harness.scenario.text import MOST_BYTES, read_text

SUFFIXES = (".yaml", ".yml")

_TOP_LEVEL_KEY = re.compile(r"^\ufeff?(?:\{\s*)?(['\"]?)(\w+)\1\s*:", re.MULTILINE)
_MISSPELT = {"steps", "chaos"}


def discover(paths: Iterable[Path]) -> list[Path]:
    """Return the scenario files among `paths` and in the folders among them, each once.

    In folders, other YAML files are left out, and so is whatever begins with a dot or an underscore.

    Raises:
        ScenarioError: something named directly is not there or is no scenario file.
    """
    found: dict[Path, None] = {}
    problems = []
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(_in_folder(path))
            continue
        try:
            text = read_text(path)
        except ScenarioError as error:
            problems += error.problems
            continue
        if _wants_to_be_one(text):
            found[path] = None
        else:
            message = "is no scenario file: it has no key `scenario` at the top level; write `scenario: NAME`"
            problems.append(Problem(path, 1, 1, message))
    if problems:
        raise ScenarioError(problems)
    return list(found)


def is_scenario_file(path: Path) -> bool:
    """Say whether a file that nobody named wants to be a scenario.

    It is not parsed: a file that is not valid YAML may be meant as a scenario too, and that it is
    broken has to be told rather than skipped.
    """
    if path.suffix not in SUFFIXES or path.name.startswith((".", "_")):
        return False
    try:
        with path.open("rb") as file:
            return _wants_to_be_one(file.read(MOST_BYTES).decode("utf-8", errors="replace"))
    except OSError:
        return False


def _wants_to_be_one(text: str) -> bool:
    keys = {match.group(2) for match in _TOP_LEVEL_KEY.finditer(text)}
    return "scenario" in keys or keys >= _MISSPELT


def _in_folder(folder: Path) -> list[Path]:
    found = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        found += [Path(where) / name for name in names]
    return sorted(path for path in found if path.is_file() and is_scenario_file(path))
