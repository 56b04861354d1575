"""Where in a file each value of a document stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DocumentPath = tuple[str | int, ...]
"""The way to a value from the document's root: ("steps", 1, "expect", 0, "equals")."""


@dataclass(frozen=True)
class Place:
    """Where an entry begins: at its key in a mapping, at its value in a list.

    Attributes:
        line: counted from 1.
        column: counted from 1.
        source: a scalar as it is written in the file, without quotes; None for lists and mappings.
        file: the included file that the entry stands in; None for the scenario file itself.
    """

    line: int
    column: int
    source: str | None = None
    file: Path | None = None


class Positions:
    """The places of all values of one document."""

    def __init__(self, places: Mapping[DocumentPath, Place]) -> None:
        self._places = dict(places)

    def at(self, path: DocumentPath) -> Place:
        """Return the place of a value; of the nearest value around it when the file does not have it."""
        for length in range(len(path), -1, -1):
            if place := self._places.get(path[:length]):
                return place
        return Place(1, 1)

    def below(self, path: DocumentPath) -> dict[DocumentPath, Place]:
        """Return the places of a value and of all that is in it, by their whole paths."""
        return {at: place for at, place in self._places.items() if at[: len(path)] == path}

    def extended(self, places: Mapping[DocumentPath, Place]) -> Positions:
        """Return these positions with further places, or others for the same values."""
        return Positions({**self._places, **places})

    def __contains__(self, path: DocumentPath) -> bool:
        return path in self._places

    def __len__(self) -> int:
        return len(self._places)


def spelled(path: DocumentPath) -> str:
    """Return a path as people write it: `steps[1].expect[0].equals`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
