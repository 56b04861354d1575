"""The page of all metrics that somebody promised, and of those that there are."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from harness.audit.inventory.claims import DocumentedMetrics, claims
from harness.audit.inventory.dashboards import used
from harness.audit.inventory.table import InventoryRow, table
from harness.audit.inventory.text import MEANING, groups, sources
from harness.base import bundled
from harness.chaosmesh.catalogue import catalogue
from harness.docs_pages.page import COMMAND, Page, Sources
from harness.report.reference import entry

NAME = "truth.md"

_WIDTH = 110


def pages(_: Sources) -> Iterator[Page]:
    """Yield the page."""
    yield Page(Path(NAME), text(table(catalogue(), claims(), used(bundled.fixtures())), claims()))


def text(rows: list[InventoryRow], said: DocumentedMetrics) -> str:
    """Return the page.

    Args:
        rows: of the inventory, by the catalogue alone.
        said: who names what.
    """
    intro = (
        "Which metrics are documented, by whom, and which of them exist, as of v2.8.3. To compare with what "
        "a run saw, use `chaos-harness truth --report DIR`. It ends with 1 when a run exposes a metric that "
        "should not exist, or our dashboards use one that does not. "
        f"Generated from `harness/audit/inventory/claims.yaml` and the "
        f"[catalogue](catalogue.md) (`{COMMAND}`)."
    )
    lines = ["# Metric inventory", "", _wrapped(intro), "", "## Who names metrics", ""]
    lines += [entry(f"`{source.id}`: {source.title}. {source.about}") for source in said.sources]
    lines += ["", "No metric is named by:", ""]
    lines += [entry(where) for where in said.without]
    lines += [
        "",
        "The annotations `prometheus.io/scrape` and `prometheus.io/port` of the chart's Services:",
        "",
    ]
    lines += [
        entry(f"`{each.service}`: port {each.port} (job {each.job}). {each.note or ''}".rstrip())
        for each in said.annotations
    ]
    for truth, those in groups(rows):
        lines += ["", f"## {truth.value.capitalize()}", "", _wrapped(f"{MEANING[truth]} {len(those)}."), ""]
        lines += [_entry(row) for row in those]
    return "\n".join(lines) + "\n"


def _entry(row: InventoryRow) -> str:
    by = f" ({', '.join(sources(row))})" if sources(row) else ""
    return entry(f"`{row.name}`{by}{': ' if row.notes else ''}{' '.join(row.notes)}")


def _wrapped(words: str) -> str:
    return textwrap.fill(words, _WIDTH, break_long_words=False, break_on_hyphens=False)
