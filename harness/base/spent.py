"""Where the time of something went, part by part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Spent:
    """Adds up how long named parts took, in the order in which they first came.

    Args:
        clock: seconds, of any origin.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._parts: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """How long it has lasted in all."""
        return self._clock() - self._began

    @contextmanager
    def on(self, part: str) -> Iterator[None]:
        """Count the block as time of a part; a part in another one's block counts in both."""
        began = self._clock()
        try:
            yield
        finally:
            self._parts[part] = self._parts.get(part, 0.0) + self._clock() - began

    def line(self) -> str:
        """Return all of it in one line; what no part was named for is "the rest"."""
        whole = self.seconds
        parts = {**self._parts, "the rest": max(0.0, whole - sum(self._parts.values()))}
        named = ", ".join(f"{part} {took:.1f} s" for part, took in parts.items() if took >= 0.05)
        return f"{whole:.1f} s" + (f": {named}" if named else "")
