"""Makes a terminal recording (asciicast v2) of the log of a run: ci/cast.py LOG CAST COMMAND.

The log has no times of its lines, so they are spread evenly: the recording takes a minute, whatever
the run took. Play it with `asciinema play CAST`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

_SECONDS = 60.0
_WIDTH, _HEIGHT = 120, 32
_COLOURS = {
    r"\bpassed\b": "32",
    r"\bfailed\b(?! expectation)": "31",
    r"\bknown issue\b|\bxfailed\b": "33",
    r"\berrors?\b": "35",
}
_PLACES = (
    (re.compile(r"^rootdir: .*"), "rootdir: ."),
    (re.compile(r"^(results|report): \S+/"), r"\1: report/"),
)
"""Paths of the machine, and what is shown in their place."""


def cast(log: str, command: str) -> str:
    """Return a recording of a command and what it wrote, as JSON lines."""
    lines = [_without_places(line) for line in log.splitlines()]
    head = {"version": 2, "width": _WIDTH, "height": _HEIGHT, "title": command}
    events: list[object] = [head, [0.0, "o", f"$ {command}\r\n"]]
    for number, line in enumerate(lines, 1):
        events.append([round(_SECONDS * number / len(lines), 2), "o", f"{_coloured(line)}\r\n"])
    return "".join(json.dumps(each) + "\n" for each in events)


def _without_places(line: str) -> str:
    for place, shown in _PLACES:
        line = place.sub(shown, line)
    return line


def _coloured(line: str) -> str:
    for word, colour in _COLOURS.items():
        line = re.sub(f"({word})", f"\x1b[{colour}m\\1\x1b[0m", line)
    return line


if __name__ == "__main__":
    source, target, *words = sys.argv[1:]
    Path(target).write_text(cast(Path(source).read_text(), " ".join(words)))
