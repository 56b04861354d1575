"""What docstrings say about the fields of models, for the JSON Schema."""

from __future__ import annotations

import inspect
import re

_SECTION = re.compile(r"(?:\A|\n)\s*Attributes:[ \n]")
_ENTRY = re.compile(r"^[ ]*([a-z_]+(?:, [a-z_]+)*): ", re.MULTILINE)


def summary_of(text: str) -> str:
    """Return what stands above the attributes, each paragraph as one line."""
    head = _SECTION.split(inspect.cleandoc(text), maxsplit=1)[0]
    return "\n\n".join(" ".join(part.split()) for part in head.split("\n\n") if part.strip())


def attributes_of(text: str) -> dict[str, str]:
    """Return what is said about each attribute; two that share an entry have the same text.

    The entries follow `Attributes:`, on its line or indented below it.
    """
    sections = _SECTION.split(inspect.cleandoc(text), maxsplit=1)
    if len(sections) == 1:
        return {}
    # What is no more indented is a section or a paragraph of its own.
    block = re.split(r"\n\n", sections[1], maxsplit=1)[0]
    shallow = [len(line) - len(line.lstrip()) for line in block.splitlines() if line.strip()]
    entries = [
        match
        for match in _ENTRY.finditer(block)
        if len(match[0]) - len(match[0].lstrip(" ")) == min(shallow, default=0)
    ]
    found: dict[str, str] = {}
    for match, after in zip(entries, [*entries[1:], None], strict=True):
        said = " ".join(block[match.end() : after.start() if after else None].split())
        found |= {name.rstrip("_"): said for name in match[1].split(", ")}
    return found
