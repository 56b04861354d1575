"""Reads and replaces single fields of the results beside the recordings of a run."""

from __future__ import annotations

import io
import json
import math
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

from harness.base.bounded import MIB
from harness.base.errors import UsageError
from harness.base.files import PUBLIC, replaced
from harness.judge.finding import Verdict
from harness.results.reading import SCENARIOS, fields_of, parts
from harness.results.results import RECORDINGS, RESULTS

_REMOVE = "remove the file, or move the recordings to another folder"
_MOST_FOR_DURATIONS = 64 * MIB
"""Bytes: what earlier runs took is only nice to know."""


def put(recordings: Path, name: str, value: Any) -> Path | None:
    """Replace one field of the results beside a whole run's recordings; all else stays as it is.

    Args:
        recordings: the folder `recordings` of a report; of any other path there are no results.
        name: of the field.
        value: JSON-compatible.

    Returns:
        The file that was changed, if there is one.

    Raises:
        UsageError: it is no results.json.
    """
    path = _beside(recordings)
    if path is None:
        return None
    fields_of(path, next_step=_REMOVE)
    with replaced(path, mode=PUBLIC) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace")
        _write(text, path, name, value)
        text.detach()
    return path


def field_of(recordings: Path, name: str) -> Any:
    """Return one field of the results beside a whole run's recordings; None without.

    Raises:
        UsageError: it is no results.json.
    """
    path = _beside(recordings)
    return None if path is None else fields_of(path, next_step=_REMOVE).get(name)


def durations(folder: Path) -> dict[str, float]:
    """Return how long the scenarios of an earlier run took, seconds by name; none of what is not known.

    Args:
        folder: of that run's report.
    """
    found = {}
    try:
        for name, each in parts(folder / RESULTS, next_step="", most=_MOST_FOR_DURATIONS):
            if name == SCENARIOS and each["verdict"] != Verdict.SKIPPED:
                seconds = float(each["seconds"])
                if math.isfinite(seconds):
                    found[str(each["name"])] = seconds
    except (UsageError, ValueError, KeyError, TypeError, OverflowError):
        # A file that nobody can read any more is no reason not to run.
        return {}
    return found


def _beside(recordings: Path) -> Path | None:
    path = recordings.resolve().parent / RESULTS
    return path if recordings.resolve().name == RECORDINGS and path.is_file() else None


def _write(file: TextIO, path: Path, name: str, value: Any) -> None:
    """Write results again with one field replaced, or added; scenario by scenario, as there may be many."""
    file.write("{")
    between, there, some = "\n ", False, False
    for field, entries in groupby(parts(path, next_step=_REMOVE), key=itemgetter(0)):
        file.write(f"{between}{json.dumps(field)}: ")
        between = ",\n "
        if field == SCENARIOS:
            begin = "[\n  "
            for _, entry in entries:
                file.write(begin + _dumped(entry, "  "))
                begin = ",\n  "
            file.write("\n ]")
            some = True
            continue
        written = next(iter(entries))[1]
        there = there or field == name
        file.write(_dumped(value if field == name else written, " "))
    if not some:
        file.write(f'{between}"{SCENARIOS}": []')
        between = ",\n "
    if not there:
        file.write(f"{between}{json.dumps(name)}: {_dumped(value, ' ')}")
    file.write("\n}\n")


def _dumped(value: Any, indent: str) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False).replace("\n", f"\n{indent}")
