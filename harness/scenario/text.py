"""Reads the text of a scenario file."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path

from harness.scenario.problem import Problem, ScenarioError

MOST_BYTES = 1024 * 1024
"""The largest scenario file, bytes: the largest one anybody wrote is some thousands."""

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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
