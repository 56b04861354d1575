"""Every link of the pages leads somewhere, headings included."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

_LINK = re.compile(r"\[[^]]+\]\(([^)\s]+)\)")


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    found = []
    for target in _LINK.findall(text):
        name, _, heading = target.partition("#")
        if "://" in target:
            continue
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (heading and heading not in anchors(path)):
            found.append(target)
    return found


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# A `heading`, of b\n")
    page = tmp_path / "a.md"
    page.write_text(
        "# One\n[a](b.md) [b](c.md) [c](b.md#a-heading-of-b) [d](b.md#nothing) [e](#one) [f](#two)\n"
    )

    assert broken(page) == ["c.md", "b.md#nothing", "#two"]


def test_the_readme_leads_to_the_index() -> None:
    assert "(docs/README.md)" in (ROOT / "README.md").read_text()
