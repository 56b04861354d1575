"""Words: suggestions for misspelt ones, numbers of things, text for one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_LEAST_LIKENESS = 0.6
_EXPECTATION = re.compile(r"(\d{1,9})\.(\d{1,9})")
_COMMAND = re.compile(r"^(\s*)::")


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` known words that `word` may have been meant to be, the likeliest first."""
    return get_close_matches(word, sorted(set(known)), n=count, cutoff=_LEAST_LIKENESS)


def meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` most likely was meant to be, if there is one."""
    words = list(known)
    same = next((each for each in words if each.lower() == word.lower()), None)
    return same or next(iter(nearest(word, words, 1)), None)


def count(number: int, what: str) -> str:
    """Return a number of things: "1 file", "2 files", "0 files"."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def nth_step(index: int) -> str:
    """Return what people read of a step, given its index: the first is "step 1"."""
    return f"step {index + 1}"


def nth_expectation(identity: str) -> str:
    """Return what people read of an expectation, given its id: "0.1" is "step 1, expectation 2"."""
    indexes = _EXPECTATION.fullmatch(identity)
    if indexes is None:
        return f"expectation {identity}"
    return f"{nth_step(int(indexes[1]))}, expectation {int(indexes[2]) + 1}"


def capitalised(text: str) -> str:
    """Return a text that begins with a capital, its other letters as they are."""
    return text[:1].upper() + text[1:]


def printable(text: str) -> str:
    """Return a text as one line that changes nothing on a terminal but what it shows."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def inert(text: str) -> str:
    """Return a text in whose lines nothing is obeyed, by a terminal or by GitHub's log, whoever wrote them.

    A line of a log that begins with `::` is a command to GitHub, such as `::add-mask::`.
    """
    lines = [printable(line) for line in text.split("\n")]
    return "\n".join(_COMMAND.sub(r"\1: :", line) for line in lines)


LONGEST_LINE = 1000
"""Characters of a line of a message; what is longer repeats somebody's value, and no one reads that."""


def cut(text: str, most: int = LONGEST_LINE) -> str:
    """Return a text with its middle left out where it is longer than a line of a message should be."""
    if len(text) <= most:
        return text
    head, tail = most * 3 // 4, most // 8
    return f"{text[:head]} ... ({len(text) - head - tail} more characters) ... {text[-tail:]}"
