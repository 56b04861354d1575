"""results.json while a run goes on: written whole at growing intervals, with a journal in between.

What has ended since the file was last written whole stands in the journal beside it, a line each. So the
bytes that a run writes grow with its scenarios and not with their square, and a run that is killed loses
none. Readers put both together (reading.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from harness.base.bounded import MIB, opened
from harness.base.files import named
from harness.results.results import RESULTS, Results, text_of
from harness.results.scenario import ScenarioResult

JOURNAL = "results-since.jsonl"
_SMALL = 4 * MIB
"""Bytes of results that are always written whole: that takes some hundredths of a second."""
_MOST_BYTES = 1024 * MIB
_MOST_LINE = 64 * MIB


class ResultsWriter:
    """Writes the results of one run into its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[int, str] = {}
        self._whole = 0
        self._since: int | None = None
        """Bytes in the journal; None when the results have to be written whole next."""

    def forget(self) -> None:
        """Make the text of each scenario again: what is known of them has changed."""
        self._texts.clear()
        self._since = None

    def write(self, results: Results, ended: ScenarioResult | None = None) -> Path:
        """Write the results so that none of them is lost; return the path of results.json.

        Args:
            results: of the run.
            ended: the scenario that was added to them, where nothing else has changed that a reader could not
                find out by itself.

        Raises:
            OSError: they cannot be written; what was there is as it was.
        """
        if ended is not None and self._since is not None:
            line = _line(results, self._text(ended))
            if self._whole + len(line) > _SMALL and self._since + len(line) <= self._whole // 2:
                self._append(line)
                return self._folder / RESULTS
        self._since = None
        path = results.write(self._folder, self._texts)
        self._whole = path.stat().st_size
        (self._folder / JOURNAL).unlink(missing_ok=True)
        self._since = 0
        return path

    def _text(self, scenario: ScenarioResult) -> str:
        if id(scenario) not in self._texts:
            self._texts[id(scenario)] = text_of(scenario, self._folder)
        return self._texts[id(scenario)]

    def _append(self, line: bytes) -> None:
        since, self._since = self._since or 0, None
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        path = self._folder / JOURNAL
        with named(path), os.fdopen(os.open(path, flags, 0o666), "wb") as file:
            file.write(line)
        self._since = since + len(line)


def _line(results: Results, scenario: str) -> bytes:
    head = json.dumps({"run": results.run.id, "began": [each.name for each in results.not_run if each.began]})
    # No text in JSON has a line's end: those that are there are between its values.
    return (f'{head[:-1]}, "scenario": {scenario}}}'.replace("\n", " ") + "\n").encode()


class JournalEntry(NamedTuple):
    """A line of the journal.

    Attributes:
        scenario: one that ended, as it would stand in results.json.
        began: the names of those that had begun then and had not ended.
    """

    scenario: dict[str, Any]
    began: list[str]


def since(results: Path, run: str) -> Iterator[JournalEntry]:
    """Yield what a run wrote after its results were last written whole.

    Args:
        results: the path of results.json.
        run: the run's id; a journal of another one is left aside.

    Raises:
        FileError: the journal cannot be read, or is too large.
    """
    path = results.with_name(JOURNAL)
    if results.name != RESULTS or not os.path.lexists(path):
        return
    with opened(path, most=_MOST_BYTES) as file:
        while (line := file.readline(_MOST_LINE)).endswith(b"\n"):
            try:
                entry = json.loads(line)
            except ValueError:
                # Half a line, of a write that failed; the next one was of the whole file.
                continue
            match entry:
                case {"run": str(name), "began": [*began], "scenario": dict(scenario)} if name == run:
                    yield JournalEntry(scenario, [str(each) for each in began])
