"""The messages that the page of troubleshooting quotes are those of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "troubleshooting.md"

_QUOTED = re.compile(r"^\*\*`(.+?)`\*\*(?:, ?)?|(?<=, )\*\*`(.+?)`\*\*", re.MULTILINE)
_HOLE = "\0"


@cache
def texts() -> list[str]:
    """Return every text of the code, with a hole in place of each value that is put in."""
    found: list[str] = []
    for path in sorted((ROOT / "harness").rglob("*.py")):
        found += _texts(ast.parse(path.read_text()))
    return [*found, (ROOT / "ci" / "pinned.sh").read_text()]


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (each.value if isinstance(each, ast.Constant) else _HOLE for each in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_of_the_code(message: str, known: list[str]) -> bool:
    """Say whether a text of the code has all that is quoted of a message, in its order."""
    parts = [part.strip() for part in message.split("...") if part.strip()]
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    if any(pattern.search(text.replace("`", "")) for text in known):
        return True
    # What a command was to do is named by its caller: "cannot {create the kind cluster}: {exit code 1}".
    doing = re.fullmatch(r"cannot ([^:]+?)(?:: .*)?", parts[0])
    return doing is not None and any(text.startswith(doing[1]) for text in known)


def quoted() -> list[str]:
    return [first or second for first, second in _QUOTED.findall(PAGE.read_text())]


def test_enough_messages_are_explained() -> None:
    assert len(quoted()) > 50
    assert len(set(quoted())) == len(quoted()), "each once"


@pytest.mark.parametrize("message", quoted())
def test_a_quoted_message_is_one_of_the_code(message: str) -> None:
    assert sum(len(part) for part in message.split("...")) >= 7, "enough of it to be found by"
    assert is_of_the_code(message, texts())


@pytest.mark.parametrize(
    ("message", "there"),
    [
        ("a ... c", True),
        ("c ... a", False),
        ("cannot make it: exit code 1", True),
        ("cannot break it: exit code 1", False),
        ("a d", False),
    ],
)
def test_a_message_that_nothing_says_is_noticed(message: str, there: bool) -> None:
    known = list(_texts(ast.parse('x = f"a {1} c"\nrun("make it")\n')))

    assert is_of_the_code(message, known) is there
