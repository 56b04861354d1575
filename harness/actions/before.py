"""What the steps before one have done: whether it can follow, and what is in force."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

ChaosState = Literal["applied", "paused", "deleting", "deleted"]

AFTER_DELETION = ("deleting", "gone")
"""The phases of what was deleted."""


@dataclass
class Before:
    """What was done by the steps so far.

    Attributes:
        chaos: the state of each chaos that was applied.
        done: what else later actions ask for: `("denied", "chaos-daemon")`.
    """

    chaos: dict[str, ChaosState] = field(default_factory=dict)
    done: set[Hashable] = field(default_factory=set)

    def missing(self, chaos: str) -> str | None:
        """Say that a chaos is not applied yet, or deleted already; None when it is there."""
        match self.chaos.get(chaos):
            case None:
                return f"`{chaos}` is not applied yet"
            case "deleting" | "deleted":
                return f"`{chaos}` is deleted already"
        return None


class Forces:
    """What is in force after some steps: names of chaos, what is scaled or denied, commands on nodes."""

    def __init__(self) -> None:
        self._all: dict[str, None] = {}
        self._broken: dict[str, list[str]] = {}

    def add(self, force: str) -> None:
        """Let something be in force."""
        self._all[force] = None

    def end(self, force: str) -> None:
        """Let it not be in force any more, if it was."""
        self._all.pop(force, None)

    def toggle(self, force: str) -> None:
        """End what is in force, and begin what is not."""
        if force in self._all:
            self.end(force)
        else:
            self.add(force)

    def break_until_restart(self, force: str, component: str) -> None:
        """Let `restart` of a component end something."""
        self._broken.setdefault(component, []).append(force)

    def restart(self, component: str) -> None:
        """End what a restart of a component ends."""
        for force in self._broken.pop(component, []):
            self.end(force)

    def names(self) -> list[str]:
        """Return what is in force, in the order in which it came."""
        return list(self._all)
