"""Progress on pytest's terminal: what is on the screen afterwards, as a terminal shows it."""

import contextlib
import io
import re
import types
from pathlib import Path

import pytest
from _pytest._io import TerminalWriter

from harness.pytest_plugin.screen import PytestScreen

_PART = re.compile(r"\x1b\[(\d*)([A-Z])|(\n)|([^\x1b\n]+)")


def shown(written):
    """Return the lines that a terminal shows for what was written to it, by the sequences that are used."""
    lines, row, column = [""], 0, 0
    for number, what, newline, text in _PART.findall(written):
        if newline:
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif what == "A":
            row -= int(number)
        elif what == "G":
            column = int(number) - 1
        elif what == "K":
            assert number == "2"
            lines[row] = ""
        else:
            lines[row] = lines[row].ljust(column)[:column] + text + lines[row][column + len(text) :]
            column += len(text)
    return [line.rstrip() for line in lines]


class Reporter:
    """As much of pytest's terminal reporter as there is to it."""

    def __init__(self, isatty=True):
        self.out = io.StringIO()
        self._tw = TerminalWriter(self.out)
        self._tw.hasmarkup = False
        self._tw.fullwidth = 60
        self.isatty = isatty
        self.currentfspath = None
        self.startpath = Path("/checkout")

    def write(self, text, *, flush=False):
        self._tw.write(text, flush=flush)

    @property
    def lines(self):
        return shown(self.out.getvalue())


@pytest.fixture
def reporter():
    return Reporter()


@pytest.fixture
def screen(reporter, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    capture = types.SimpleNamespace(global_and_fixture_disabled=contextlib.nullcontext)
    return PytestScreen(reporter, capture)


def test_the_status_stands_below_and_pytest_goes_on_where_it_was(reporter, screen):
    reporter.write("a.yaml .")
    screen.status("[2/3] b waiting", "1 passed")
    assert reporter.lines == ["a.yaml .", "[2/3] b waiting | 1 passed"]
    screen.status("[2/3] b", "")
    assert reporter.lines == ["a.yaml .", "[2/3] b"]
    screen.end()
    reporter.write("F")
    assert reporter.lines == ["a.yaml .F", ""]


def test_a_long_status_keeps_its_right_part_and_one_line(reporter, screen):
    screen.status("x" * 100, "3 passed, about 1:00 left")
    (line,) = [line for line in reporter.lines if line]
    assert len(line) == 59
    assert line.endswith("x... | 3 passed, about 1:00 left")


def test_what_is_shown_cannot_move_the_cursor(reporter, screen):
    screen.status("a\n\x1b[2Jb", "")
    screen.line("c\x1b[2J\rd")
    assert reporter.lines == ["", "c [2J d"]


def test_lines_take_the_place_of_the_status_and_leave_no_empty_ones(reporter, screen):
    reporter.write("a.yaml::a ")
    screen.at(None)
    screen.status("[1/3] a", "")
    screen.line("progress: a: step 1")
    screen.line("progress: a: step 2")
    screen.status("[1/3] a", "")
    screen.end()
    assert reporter.currentfspath is None, "pytest begins its line anew"
    reporter.write("\na.yaml::a PASSED")
    assert reporter.lines == ["a.yaml::a", "progress: a: step 1", "progress: a: step 2", "a.yaml::a PASSED"]


def test_where_pytest_names_only_the_file_its_line_begins_anew(reporter, screen):
    path = Path("/checkout/scenarios/a.yaml")
    reporter.write("scenarios/a.yaml ")
    screen.at(path)
    screen.line("progress: a: step 1")
    screen.end()
    reporter.write(".")
    assert reporter.lines == ["scenarios/a.yaml", "progress: a: step 1", "scenarios/a.yaml ."]
    assert reporter.currentfspath == path


def test_without_lines_pytests_line_goes_on(reporter, screen):
    reporter.write("scenarios/a.yaml .")
    screen.at(Path("/checkout/scenarios/a.yaml"))
    screen.end()
    reporter.write(".")
    assert reporter.lines == ["scenarios/a.yaml .."]


def test_a_status_that_was_interrupted_goes(reporter, screen):
    screen.status("[1/3] a", "")
    screen.clear()
    assert reporter.lines == ["", ""]
    written = reporter.out.getvalue()
    screen.clear()
    assert reporter.out.getvalue() == written


@pytest.mark.parametrize(
    ("environment", "isatty", "redraws"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
        ({"TERM": "xterm", "CI": "true"}, True, False),
    ],
)
def test_only_a_real_terminal_is_redrawn(monkeypatch, environment, isatty, redraws):
    monkeypatch.delenv("TERM", raising=False)
    monkeypatch.delenv("CI", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert PytestScreen(Reporter(isatty), None).redraws is redraws
