"""How pytest shows a scenario that failed: what went wrong first, then all of it."""

from __future__ import annotations

from _pytest._code.code import ReprFileLocation, TerminalRepr
from _pytest._io import TerminalWriter

from harness.report.terminal import terminal_lines
from harness.report.text import scenario_text
from harness.report.view import first_lines, first_place
from harness.results.scenario import ScenarioResult


class ScenarioFailureRepr(TerminalRepr):
    """What pytest's short summary, its JUnit XML and `--tb=line` take their one line from.

    Attributes:
        reprcrash: the place and the first line of the first failure.
    """

    def __init__(self, result: ScenarioResult) -> None:
        lines = first_lines(result) or [f"{result.name}: {result.verdict.words}"]
        more = f" (+{len(lines) - 1} more)" if len(lines) > 1 else ""
        place = first_place(result)
        self.reprcrash = ReprFileLocation(place.file, place.line, lines[0] + more)
        self._text = "\n".join([*lines, scenario_text(result)])

    def __str__(self) -> str:
        return self._text

    def toterminal(self, tw: TerminalWriter) -> None:
        """Write all of it, as the terminal is wide; a log keeps its lines, so that they are found."""
        for line in terminal_lines(self._text, tw.fullwidth if on_terminal(tw) else None):
            tw.line(line.text, **({line.colour: True} if line.colour else {}))


def on_terminal(tw: TerminalWriter) -> bool:
    """Say whether somebody looks at what is written."""
    file = getattr(tw, "_file", None)
    return bool(file is not None and file.isatty())
