"""What an expectation's argument demands, as far as that is known without looking at a metric."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from harness.recording.model import Labels


class SeriesDemand(NamedTuple):
    """One series: labels that it must have, and the ends of what its value may be, both included."""

    labels: Labels = ()
    low: float = -math.inf
    high: float = math.inf

    def conflicts(self, other: SeriesDemand) -> bool:
        """Tell whether no series can be both; a label that only one of them names may have any value."""
        mine = dict(self.labels)
        differ = any(mine.get(name, value) != value for name, value in other.labels)
        return differ or self.high < other.low or other.high < self.low


@dataclass(frozen=True)
class Demand:
    """What must be selected.

    Attributes:
        least, most: how many series (count).
        series: what each of them is, when all are known; else empty.
        stays: it is demanded that nothing changes in the step.
    """

    least: int = 0
    most: float = math.inf
    series: tuple[SeriesDemand, ...] = ()
    stays: bool = False

    def excludes(self, other: Demand) -> bool:
        """Tell whether the same series can surely not satisfy both."""
        if self.most < other.least or other.most < self.least:
            return True
        if not (self.series and other.series):
            return False
        return _lacks_one(self.series, other.series) or _lacks_one(other.series, self.series)


def _lacks_one(these: tuple[SeriesDemand, ...], others: tuple[SeriesDemand, ...]) -> bool:
    return any(all(wanted.conflicts(other) for other in others) for wanted in these)
