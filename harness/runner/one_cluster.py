"""Divides scenarios among shards that run on one cluster at the same time.

Who takes turns with whom is known within a shard only. So what takes turns is in one shard, and what runs
alone, or replaces the pods of a component that all need, runs in a shard that starts after the others ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.base.errors import UsageError
from harness.base.words import count
from harness.runner.conflicts import Conflicts
from harness.runner.shard import divided


class TooManyShardsError(UsageError):
    """More shards than can run beside each other."""


@dataclass(frozen=True)
class OneClusterDivision:
    """Which scenarios each shard runs.

    Attributes:
        beside: of the shards that run at the same time; none is empty.
        after: of the shard that starts once the others ended; empty without one.
    """

    beside: tuple[frozenset[str], ...]
    after: frozenset[str]

    @property
    def parts(self) -> tuple[frozenset[str], ...]:
        """All shards, in the order of their numbers."""
        return (*self.beside, *([self.after] if self.after else []))


def divided_on_one_cluster(
    conflicts: Mapping[str, Conflicts], seconds: Mapping[str, float], shards: int
) -> OneClusterDivision:
    """Return shards that have everything once, none of which disturbs another, and that take about as long.

    Args:
        conflicts: of each scenario.
        seconds: how long each is expected to take.
        shards: how many run beside each other.

    Raises:
        TooManyShardsError: the scenarios that conflict leave room for fewer.
    """
    after = frozenset(name for name, each in conflicts.items() if each.alone or each.breaks)
    groups = conflicting_groups({name: each for name, each in conflicts.items() if name not in after})
    possible = max(1, len(groups))
    if shards > possible:
        raise TooManyShardsError(
            f"{count(len(conflicts), 'scenario')} cannot be divided into {shards} shards on one cluster",
            next_step=f"use --shards {possible}, which is the most that is possible here",
            details=_why(len(groups), len(after)),
        )
    loads = {str(number): sum(seconds[name] for name in group) for number, group in enumerate(groups)}
    parts = divided(loads, shards) if groups else []
    beside = (frozenset(name for number in part for name in groups[int(number)]) for part in parts)
    return OneClusterDivision(tuple(beside), after)


def conflicting_groups(conflicts: Mapping[str, Conflicts]) -> list[list[str]]:
    """Return the connected components of the graph of who cannot run at the same time as whom, by names."""
    left, found = sorted(conflicts), []
    while left:
        group, reached = [], [left.pop(0)]
        while reached:
            one = reached.pop()
            group.append(one)
            met = [other for other in left if conflicts[one].meets(conflicts[other])]
            left = [other for other in left if other not in met]
            reached += met
        found.append(sorted(group))
    return found


def _why(groups: int, after: int) -> list[str]:
    lines = [f"those that disturb each other go into one shard: {count(groups, 'group')} of them"]
    if after:
        lines.append(f"{after} run alone or replace pods of Chaos Mesh: in a shard after all others")
    return lines
