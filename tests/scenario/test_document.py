"""A document is the same, place by place, whichever of the two composers read it."""

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from harness.base import bundled
from harness.scenario import document
from harness.scenario.discover import discover
from harness.scenario.problem import ScenarioError

PIECES = [
    "a",
    "b: ",
    "- ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    ": ",
    '"x"',
    "'y'",
    "1e3",
    "010",
    "&c ",
    "*c",
    "| ",
    "#",
]
PIECES += ["${d}", "? ", "!!int ", "~", "é", "on", "1:30", "\t", "--- ", ">-\n"]


def outcome(text):
    try:
        data, positions, problems = document.parse(Path("s.yaml"), text)
    except ScenarioError as error:
        return [str(problem) for problem in error.problems]
    return data, positions.below(()), problems


def slowly(text, monkeypatch):
    with monkeypatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader", raising=False)
        return outcome(text)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("a: 1e3\nb: '1e3'\nc: [x, {y: 010}]\n")
def test_any_text(text):
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert outcome(text) == slowly(text, monkeypatch)


@pytest.mark.parametrize("path", discover([bundled.scenarios()]), ids=lambda path: path.stem)
def test_what_ships(path, monkeypatch):
    text = path.read_text()
    assert document._quickly(text)
    assert outcome(text) == slowly(text, monkeypatch)


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "a: b: c", "[1,", "{" * 60 + "}" * 60])
def test_what_is_deep_or_wrong_is_left_to_the_composer_that_tells_why(text):
    assert document._quickly(text) is None
