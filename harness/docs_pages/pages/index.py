"""The index of the documentation: every page with what it begins with, in the order of mkdocs.yml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from harness.base import bundled
from harness.docs_pages.page import COMMAND, Page, Sources
from harness.docs_pages.pages import schema
from harness.report.reference import entry

NAME = "README.md"

_MORE = "More"


def pages_about(sources: Sources, made: list[Page]) -> Iterator[Page]:
    """Yield the page."""
    yield Page(Path(NAME), text(sources.folder, made))


def text(folder: Path, made: Iterable[Page] = ()) -> str:
    """Return the index of the pages of a folder, and of those that are generated into it."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    texts |= {
        page.path.name: page.text for page in made if page.path.suffix == ".md" and len(page.path.parts) == 1
    }
    texts.pop(NAME, None)
    navigated = navigation()
    # Of a folder only the page that begins it.
    begins = [name for names in navigated.values() for name in names if name.endswith(f"/{NAME}")]
    there = [name for name in begins if (folder / name).exists()]
    texts |= {name: (folder / name).read_text(encoding="utf-8") for name in there}
    groups = {title: [name for name in names if name in texts] for title, names in navigated.items()}
    known = {name for names in groups.values() for name in names}
    groups[_MORE] = sorted(texts.keys() - known)
    lines = ["# Documentation", "", f"Every page, with what it begins with (`{COMMAND}`)."]
    for title, names in groups.items():
        if names:
            lines += ["", f"## {title}", ""]
        lines += [entry(f"[{name}]({name}): {_begins(texts[name])}") for name in names]
    lines += [
        "",
        f"For editors: [{schema.NAME}]({schema.NAME}), the JSON Schema of scenario files, and",
        f"[{schema.INCLUDE_NAME}]({schema.INCLUDE_NAME}), of the files that they include.",
    ]
    return "\n".join(lines) + "\n"


def navigation() -> dict[str, list[str]]:
    """Return the pages of each group of the navigation in mkdocs.yml, those of its sections included."""
    items = yaml.safe_load((bundled.root() / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    return {
        title: list(_names(below))
        for item in items
        for title, below in item.items()
        if isinstance(below, list)
    }


def _names(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        yield item
        return
    for below in item.values() if isinstance(item, dict) else item:
        yield from _names(below)


def _begins(text: str) -> str:
    """Return the title of a page and the first sentence of its text."""
    title, _, rest = text.partition("\n\n")
    # Not a block of code, which some pages begin with.
    first = next((each for each in rest.split("\n\n") if not each.startswith("    ")), "")
    paragraph = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(first.split()))
    title = title.removeprefix("# ").strip()
    if paragraph.startswith(("#", "|", "-", "<", "`", "**")):
        return f"{title}."
    return f"{title}. {re.split(r'(?<=[.:])(?: |$)', paragraph)[0].rstrip(':.')}."
