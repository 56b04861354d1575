"""How alike two metrics are, to suggest that one is the other under a new name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from harness.audit.compare.side import Facts

LEAST = 0.7
"""The least likeness of a suggestion."""

_WEIGHTS = {"help": 0.4, "labels": 0.25, "name": 0.2, "type": 0.15}


def likeness(old: Facts, new: Facts) -> float:
    """Return how alike two metrics are, 0 to 1; those of different components are not at all."""
    if not old.jobs & new.jobs:
        return 0.0
    parts = {
        "name": SequenceMatcher(None, old.name, new.name).ratio(),
        "labels": _overlap(old.labels, new.labels),
    }
    if old.type is not None and new.type is not None:
        parts["type"] = float(old.type == new.type)
        parts["help"] = SequenceMatcher(None, old.help or "", new.help or "").ratio()
        if old.bounds or new.bounds:
            parts["labels"] = (parts["labels"] + float(old.bounds == new.bounds)) / 2
    weight = sum(_WEIGHTS[part] for part in parts)
    return sum(_WEIGHTS[part] * value for part, value in parts.items()) / weight


def pairs(gone: Sequence[Facts], new: Sequence[Facts]) -> list[tuple[Facts, Facts, float]]:
    """Return which metric may have become which, the likeliest first; each is in one pair only."""
    scored = sorted(
        ((likeness(old, now), old, now) for old in gone for now in new),
        key=lambda each: (-each[0], each[1].name, each[2].name),
    )
    taken: set[str] = set()
    found = []
    for score, old, now in scored:
        if score >= LEAST and not {old.name, now.name} & taken:
            taken |= {old.name, now.name}
            found.append((old, now, score))
    return found


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0
