"""Divides scenarios among the jobs of a CI system, so that each job takes about as long."""

from __future__ import annotations

import heapq
import re
from collections.abc import Mapping
from typing import NamedTuple

_TEXT = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})")
_LEAST_MILLISECONDS = 1


class ShardNumber(NamedTuple):
    """One of several parts, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> ShardNumber:
        """Return what `2/3` means.

        Raises:
            ValueError: it means nothing.
        """
        found = _TEXT.fullmatch(text)
        if found is None or int(found[1]) > int(found[2]):
            raise ValueError(f"write it as I/N with 1 <= I <= N, such as 2/3, not {text}")
        return cls(int(found[1]), int(found[2]))


def divided(seconds: Mapping[str, float], parts: int) -> list[frozenset[str]]:
    """Return parts that have everything once, the longest first to the part that has least so far.

    The same durations give the same parts, in whatever order they come. None is empty unless there are fewer
    entries than parts.

    Args:
        seconds: how long each is expected to take.
        parts: how many.
    """
    # In whole milliseconds: sums of them do not depend on the machine.
    each = {name: max(_LEAST_MILLISECONDS, round(value * 1000)) for name, value in seconds.items()}
    found: list[set[str]] = [set() for _ in range(parts)]
    loads = [(0, number) for number in range(parts)]
    for name in sorted(each, key=lambda name: (-each[name], name)):
        load, number = heapq.heappop(loads)
        found[number].add(name)
        heapq.heappush(loads, (load + each[name], number))
    return [frozenset(names) for names in found]
