"""The index of the documentation: every page with what it begins with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.authoring.page import COMMAND, Page, Sources
from harness.authoring.pages import schema
from harness.report.reference import entry

NAME = "README.md"

_GROUPS = (
    ("Begin", ("quick-start", "scenarios", "troubleshooting")),
    ("Look up", ("reference", "scenario-catalogue", "known-issues", "exit-codes", "results")),
    ("Understand", ("architecture", "verdicts", "stack", "performance")),
)
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
    stems = sorted(name.removesuffix(".md") for name in texts if name != NAME)
    known = {stem for _, group in _GROUPS for stem in group}
    groups = [(title, [stem for stem in group if stem in stems]) for title, group in _GROUPS]
    groups.append((_MORE, [stem for stem in stems if stem not in known]))
    lines = ["# Documentation", "", f"Every page, with what it begins with (`{COMMAND}`)."]
    for title, group in groups:
        if group:
            lines += ["", f"## {title}", ""]
        lines += [entry(f"[{stem}.md]({stem}.md): {_begins(texts[f'{stem}.md'])}") for stem in group]
    lines += ["", f"For editors: [{schema.NAME}]({schema.NAME}), the JSON Schema of scenario files."]
    return "\n".join(lines) + "\n"


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
