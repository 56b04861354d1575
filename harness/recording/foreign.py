"""What others than a run's scenarios did with Chaos Mesh, as a recording's notes keep it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from harness.recording.model import Note
from harness.recording.notes import FOREIGN

_THEIRS = "theirs"
_SHOWN = 5


@dataclass(frozen=True)
class ForeignUse:
    """An object of somebody else, and when Chaos Mesh was seen to be at work on it.

    Attributes:
        kind, namespace, name: the object.
        began: when it was seen first (seconds); its creation, if that was seen.
        newest: when it was seen last, seconds.
    """

    kind: str
    namespace: str
    name: str
    began: float
    newest: float

    def __str__(self) -> str:
        """Return the object and when it came."""
        began = datetime.fromtimestamp(self.began, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{self.kind} {self.namespace}/{self.name} (seen since {began})"


def named(uses: Iterable[ForeignUse]) -> str:
    """Return what others did in a clause, each object once, the first few of many."""
    texts = list(dict.fromkeys(map(str, uses)))
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def note(
    uses: Iterable[ForeignUse], expectations: Iterable[str], time: float, *, theirs: bool = False
) -> Note:
    """Return the entry that says which expectations of a step these may have touched.

    Args:
        uses: what others did.
        expectations: their ids.
        time: of the entry.
        theirs: the cluster is one of others, where such a thing has to be reckoned with.
    """
    found = [asdict(each) for each in uses]
    text = "others used Chaos Mesh: " + ", ".join(f"{each['namespace']}/{each['name']}" for each in found)
    detail: dict[str, Any] = {FOREIGN: found, "expectations": list(expectations)}
    return Note(time=time, text=text, detail=detail | ({_THEIRS: True} if theirs else {}))


def uses_of(entry: Note, expectation: str, *, theirs: bool = False) -> list[ForeignUse]:
    """Return what a note says about one expectation; nothing of any other note.

    Args:
        entry: the note.
        expectation: its id.
        theirs: only what was seen on a cluster of others.
    """
    detail: dict[str, Any] = entry.detail
    if expectation not in detail.get("expectations", ()) or (theirs and not detail.get(_THEIRS)):
        return []
    try:
        return [ForeignUse(**each) for each in detail.get(FOREIGN, ())]
    except TypeError:
        return []
