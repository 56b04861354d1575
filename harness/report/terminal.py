"""A report's text on a terminal: in colours, and wrapped between words."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

_FIELD = re.compile(r"( +)([a-z ]+:)(?: +|$)")
_COLOURS = {"expected:": "green", "actual:": "red"}


class TerminalLine(NamedTuple):
    """A line as it is written.

    Attributes:
        colour: a name that pytest's terminal writer knows; None for the terminal's own.
    """

    text: str
    colour: str | None = None


def terminal_lines(text: str, width: int | None) -> Iterator[TerminalLine]:
    """Yield the lines of a text as a terminal shows them: what is expected in green, what is actual in red.

    Args:
        text: of a failure; a field is indented, and what belongs to it is indented further.
        width: of the terminal; None where lines are not wrapped, as in a log that is searched.
    """
    colour, indent = None, 0
    for line in text.split("\n"):
        inner = len(line) - len(line.lstrip())
        field = _FIELD.match(line)
        if inner <= indent or field is not None:
            name = field.group(2) if field else ""
            colour, indent = _COLOURS.get(name), inner
        for part in wrapped(line, width):
            yield TerminalLine(part, colour)


def wrapped(line: str, width: int | None) -> list[str]:
    """Return a line as several that fit, cut between words; a word that is longer stays whole.

    What follows the first is indented below the line's own text, or below a field's value.
    """
    if width is None or len(line) <= width:
        return [line]
    field = _FIELD.match(line)
    indent = len(field.group()) if field else len(line) - len(line.lstrip()) + 2
    room = width if indent < width // 2 else width // 2
    return textwrap.wrap(
        line,
        max(room, 20),
        subsequent_indent=" " * min(indent, width // 2),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    ) or [line]
