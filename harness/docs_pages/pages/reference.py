"""The parts of pages that stand between markers: what there is of kinds, oracles, capabilities, rules."""

from __future__ import annotations

from collections.abc import Iterator

from harness.docs_pages.page import Page, Sources
from harness.report.reference import is_marked, renew


def pages(sources: Sources) -> Iterator[Page]:
    """Yield every page of the folder that has a marker, its parts generated anew.

    Raises:
        UsageError: a marker names something that is not generated.
    """
    for path in sorted(sources.folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if is_marked(text):
            yield Page(path.relative_to(sources.folder), renew(text))
