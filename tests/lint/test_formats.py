"""What lint found, in each format: places, levels and suggestions stay, and nothing obeys what files hold."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from harness.cli.command import has_colours
from harness.lint.formats import FORMATS, MOST_LINES, as_json, github, text
from harness.lint.lint import LintResult
from harness.scenario.problem import Problem

WRONG = Problem(Path("a.yaml"), 3, 7, "`x` is 100% wrong", "y")
DOUBTFUL = Problem(Path("a, b:c.yaml"), 4, 1, "looks odd", warning=True)
WHOLE = Problem(Path("b.yaml"), 0, 0, "is none")
FOUND = LintResult((WRONG, DOUBTFUL, WHOLE), 2, 3)


def test_text_is_a_line_each_and_a_sum() -> None:
    assert [*text(FOUND)] == [
        "a.yaml:3:7: `x` is 100% wrong (did you mean `y`?)",
        "a, b:c.yaml:4:1: warning: looks odd",
        "b.yaml: is none",
        "2 scenarios in 3 files, 2 problems, 1 warning",
    ]


def test_colours_change_no_word() -> None:
    first, second, *_ = text(FOUND, colours=True)
    level, better = "\x1b[31merror:\x1b[0m", "\x1b[32m`y`\x1b[0m"
    assert first == f"\x1b[1ma.yaml:3:7:\x1b[0m {level} `x` is 100% wrong (did you mean {better}?)"
    assert second.startswith("\x1b[1ma, b:c.yaml:4:1:\x1b[0m \x1b[33mwarning:\x1b[0m looks odd")
    assert "\x1b" not in "".join(text(FOUND))


def test_json_is_one_document_with_all_problems() -> None:
    many = LintResult((WRONG,) * (MOST_LINES + 5), 1, 1)
    document = json.loads("\n".join(as_json(FOUND)))
    assert document["problems"][0] == {
        "file": "a.yaml",
        "line": 3,
        "column": 7,
        "level": "error",
        "message": "`x` is 100% wrong",
        "suggestion": "y",
    }
    assert [each["level"] for each in document["problems"]] == ["error", "warning", "error"]
    assert (document["scenarios"], document["files"]) == (2, 3)
    assert len(json.loads("\n".join(as_json(many)))["problems"]) == MOST_LINES + 5
    assert [*text(many)][-2] == "and 5 more"


def test_github_has_a_command_for_each_with_its_place() -> None:
    assert [*github(FOUND)][:3] == [
        "::error file=a.yaml,line=3,col=7::`x` is 100%25 wrong (did you mean `y`?)",
        "::warning file=a%2C b%3Ac.yaml,line=4,col=1::looks odd",
        "::error file=b.yaml::is none",
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_file_holds_commands_nothing(name: str) -> None:
    hostile = Problem(Path("a.yaml"), 1, 1, "\x1b[2Jx\n::error::y", "\x1b]0;z")
    lines = [*FORMATS[name](LintResult((hostile,), 1, 1), colours=False)]
    assert not any("\x1b" in line or "\n" in line or line.startswith("::error::") for line in lines)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_only_a_terminal_is_coloured_and_none_that_asks_not_to_be(
    environment: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert has_colours(Terminal()) is coloured
    assert has_colours(io.StringIO()) is False
