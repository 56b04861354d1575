"""pytest's terminal as a place for progress: below pytest's own line, and never in the way of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from harness.base.redaction import redact
from harness.base.words import printable


class PytestScreen:
    """Writes through pytest's terminal reporter, past its capture.

    The status stands in the line below pytest's own; the cursor goes back to where pytest left it, so that
    its next word lands where it belongs.
    """

    def __init__(self, reporter: Any, capture: Any) -> None:
        """Prepare.

        Args:
            reporter: the plugin `terminalreporter`.
            capture: the plugin `capturemanager`.
        """
        self._reporter = reporter
        self._capture = capture
        self._shown = False
        self._broken = False
        self._path: Path | None = None
        dumb = os.environ.get("TERM") in (None, "", "dumb") or os.environ.get("CI")
        self.redraws = bool(reporter.isatty) and not dumb

    def at(self, path: Path | None) -> None:
        """Name the file whose path pytest's line begins with; None when it names each scenario itself."""
        self.clear()
        self._path, self._broken = path, False

    def clear(self) -> None:
        """Take the status away, whatever was going on."""
        if self._shown:
            self._below("")
            self._shown = False

    def status(self, left: str, right: str) -> None:
        """Show one line; `right` is kept whole if it can be."""
        width = self._reporter._tw.fullwidth - 1
        text = printable(redact(left))
        tail = f" | {printable(redact(right))}" if right else ""
        if len(text) + len(tail) > width:
            room = max(width - len(tail) - 3, 0)
            # Between words, where that leaves most of it.
            kept = text[:room].rsplit(" ", 1)[0] if " " in text[room // 2 : room] else text[:room]
            text = f"{kept}..."
        self._below((text + tail)[:width])
        self._shown = True

    def line(self, text: str) -> None:
        """Write a line that stays."""
        with self._capture.global_and_fixture_disabled():
            self.clear()
            self._broken = True
            # The line before is not ended yet: so no empty one is left when pytest goes on with a new one.
            self._reporter.currentfspath = None
            self._reporter.write("\n" + printable(redact(text)), flush=True)

    def end(self) -> None:
        """Take the status away, and begin pytest's line anew where lines of ours came between."""
        with self._capture.global_and_fixture_disabled():
            self.clear()
            if self._broken and self._path is not None:
                shown = os.path.relpath(self._path, self._reporter.startpath)
                self._reporter.write(f"\n{shown} ", flush=True)
                self._reporter.currentfspath = self._path

    def _below(self, text: str) -> None:
        writer = self._reporter._tw
        column = writer.width_of_current_line % writer.fullwidth + 1
        with self._capture.global_and_fixture_disabled():
            # Past the writer, which would take it for a part of pytest's own line.
            writer._file.write(f"\n\x1b[2K{text}\x1b[1A\x1b[{column}G")
            writer._file.flush()
