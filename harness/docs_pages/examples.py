"""The scenarios and commands that the pages show, so that they can be checked and run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.base.files import PUBLIC, write_whole
from harness.lint.python import IMPORT

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^(?: {4}| {7})\S.*\n)+", re.MULTILINE)
_INLINE = re.compile(r"`(chaos-harness [^`]+)`")
_COMMANDS = ("chaos-harness", "ci/verify", "ci/test")


@dataclass(frozen=True)
class Example:
    """Something that a page shows.

    Attributes:
        page: the file.
        line: where it begins.
        text: a whole scenario, or the words of a command.
    """

    page: Path
    line: int
    text: str

    @property
    def place(self) -> str:
        """Return where it stands: `scenarios.md:12`."""
        return f"{self.page.name}:{self.line}"


def scenarios(pages: Iterable[Path]) -> Iterator[tuple[str, Example]]:
    """Yield the suffix and the text of each whole scenario that a page shows."""
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for block in _BLOCK.finditer(text):
            language, body = block[2], block[3]
            example = Example(page, text.count("\n", 0, block.start()) + 2, body)
            if language == "yaml" and body.startswith("scenario:"):
                yield ".yaml", example
            elif language == "python" and IMPORT in body:
                yield ".py", example


def write(pages: Iterable[Path], folder: Path) -> list[Path]:
    """Write each scenario that the pages show into a file of its own, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, example in scenarios(pages):
        path = folder / f"{example.page.stem}_{example.line}{suffix}"
        write_whole(path, example.text, mode=PUBLIC)
        written.append(path)
    return written


def commands(pages: Iterable[Path]) -> Iterator[Example]:
    """Yield each command of ours that a page shows, on a line of its own or within a sentence.

    What follows two spaces is a remark. What holds a placeholder such as `NAME` or `...` is no command.
    """
    for page in pages:
        text = page.read_text(encoding="utf-8")
        outside = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
        for block in _INDENTED.finditer(outside):
            first = outside.count("\n", 0, block.start()) + 1
            for offset, line in enumerate(block[0].splitlines()):
                yield from _command(page, first + offset, re.split(r"\s{2,}", line.strip())[0])
        for found in _INLINE.finditer(outside):
            yield from _command(page, outside.count("\n", 0, found.start()) + 1, found[1])


def _command(page: Path, line: int, text: str) -> Iterator[Example]:
    words = shlex.split(text) if text.startswith(_COMMANDS) else []
    placeholder = any(re.search(r"\.\.\.|^[A-Z_]+$|[\[\]<>]|,$", word) for word in words)
    if words and words[0] in _COMMANDS and not placeholder:
        yield Example(page, line, text)
