"""Groups what has the same cause, so that a lost cluster is told once and not a hundred times."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.base.words import count

_VARIES = re.compile(r"\d+(?:\.\d+)*")
_MOST_NAMED = 6


@dataclass
class Cause:
    """A reason, as the first that has it tells it, and the names of all that have it."""

    reason: str
    names: list[str] = field(default_factory=list)

    def named(self) -> str:
        """Return the names, the first ones in full."""
        shown = ", ".join(self.names[:_MOST_NAMED])
        more = len(self.names) - _MOST_NAMED
        return f"{shown} and {count(more, 'other')}" if more > 0 else shown


def causes(reasons: Iterable[tuple[str, str]]) -> list[Cause]:
    """Return the causes, in the order in which they come.

    Args:
        reasons: name and reason of each; reasons that differ in numbers, or in the name, are the same.
    """
    found: dict[str, Cause] = {}
    for name, reason in reasons:
        key = _VARIES.sub("N", reason.replace(name, "NAME"))
        found.setdefault(key, Cause(reason)).names.append(name)
    return list(found.values())
