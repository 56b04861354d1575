"""The truth table as text, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.audit.inventory.table import InventoryRow, InventoryStanding
from harness.base.words import count

MEANING = {
    InventoryStanding.NEVER_SEEN: "Somebody names it, and no release exposes it.",
    InventoryStanding.RENAMED: "Older releases expose it under this name.",
    InventoryStanding.DEAD: "Registered, and no code writes it: without labels always 0, or no series.",
    InventoryStanding.UNDOCUMENTED: "Exposed, and none of the sources names it.",
    InventoryStanding.OTHER_LABELS: "Exposed under the promised name, with other labels than promised.",
    InventoryStanding.AS_PROMISED: "Exposed under the promised name.",
}


def groups(rows: Sequence[InventoryRow]) -> Iterator[tuple[InventoryStanding, list[InventoryRow]]]:
    """Yield what follows for names, each with its rows; what follows for none is left out."""
    for truth in InventoryStanding:
        if those := [row for row in rows if row.truth is truth]:
            yield truth, those


def lines(rows: Sequence[InventoryRow]) -> list[str]:
    """Return the table for the terminal."""
    found: list[str] = []
    for truth, those in groups(rows):
        found.append(f"{truth}: {count(len(those), 'metric')}. {MEANING[truth]}")
        for row in those:
            by = f" ({', '.join(sources(row))})" if sources(row) else ""
            found.append(f"  {row.name}{by}{in_run(row)}")
            found += [f"    {note}" for note in row.notes]
    return found


def sources(row: InventoryRow) -> list[str]:
    """Return who names a metric, our own dashboards and alerts among them."""
    return [*row.named_by, *(["our dashboards"] if row.used else [])]


def in_run(row: InventoryRow) -> str:
    """Return what a run says of a metric; empty when it says nothing."""
    if row.seen is None:
        return ""
    return f": in this run exposed by {', '.join(row.seen)}" if row.seen else ": not seen in this run"
