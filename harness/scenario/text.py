"""Reads the text of a scenario file."""

from __future__ import annotations

import codecs
from pathlib import Path

from harness.base.bounded import MIB, FileError, MissingFileError, read_bytes
from harness.scenario.problem import Problem, ScenarioError

MOST_BYTES = MIB
"""The largest scenario file, bytes: the largest one anybody wrote is some thousands."""

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        ScenarioError: it is not there, no file, too large, not readable, or not UTF-8.
    """
    try:
        raw = read_bytes(path, most=MOST_BYTES)
    except MissingFileError as error:
        raise ScenarioError([Problem(path, 0, 0, "there is no such file")]) from error
    except FileError as error:
        raise ScenarioError([Problem(path, 0, 0, error.reason)]) from error
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
