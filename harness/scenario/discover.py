"""Finds scenario files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from harness.base.bounded import FileError, leads_out, read_start
from harness.scenario.problem import Problem, ScenarioError
from harness.scenario.text import MOST_BYTES, read_text

SUFFIXES = (".yaml", ".yml")

_TOP_LEVEL_KEY = re.compile(r"^\ufeff?(?:\{\s*)?(['\"]?)(\w+)\1\s*:", re.MULTILINE)
_FOREIGN = ("node_modules", "site-packages")
_VENV = "pyvenv.cfg"
"""What makes a folder a virtual environment of Python, whatever its name."""
_MISSPELT = {"steps", "chaos"}


def discover(paths: Iterable[Path]) -> list[Path]:
    """Return the scenario files among `paths` and in the folders among them, each once.

    In folders, other YAML files are left out, and so is whatever begins with a dot or an underscore, and
    what package managers put there.

    Raises:
        ScenarioError: something named directly is not there or is no scenario file.
    """
    found: dict[Path, None] = {}
    problems = []
    for path in paths:
        if path.is_dir():
            inside, links = _in_folder(path)
            found |= dict.fromkeys(inside)
            problems += [Problem(link, 0, 0, f"is a link that leads out of {path}") for link in links]
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
    if not _may_be_one(path):
        return False
    try:
        return _wants_to_be_one(read_start(path, MOST_BYTES).decode("utf-8", errors="replace"))
    except FileError:
        return False


def _may_be_one(path: Path) -> bool:
    return path.suffix in SUFFIXES and not path.name.startswith((".", "_"))


def _wants_to_be_one(text: str) -> bool:
    keys = {match.group(2) for match in _TOP_LEVEL_KEY.finditer(text)}
    return "scenario" in keys or keys >= _MISSPELT


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder and of those below it, sorted.

    Left out are folders that begin with a dot or an underscore, and those that package managers fill.
    """
    found = []
    for where, folders, names in os.walk(folder):
        inside = Path(where)
        folders[:] = sorted(name for name in folders if not _is_foreign(inside / name))
        found += [inside / name for name in names]
    return sorted(found)


def _is_foreign(folder: Path) -> bool:
    return folder.name.startswith((".", "_")) or folder.name in _FOREIGN or (folder / _VENV).exists()


def _in_folder(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the scenario files of a folder, and the links in it that are not followed."""
    files, links = [], []
    for path in files_below(folder):
        if not _may_be_one(path):
            continue
        if path.is_symlink() and leads_out(path, folder):
            links.append(path)
        elif path.is_file() and is_scenario_file(path):
            files.append(path)
    return files, links
