"""What the judge compares: the selected series at one point of the scrapes' time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, overload

from harness.recording.series import Series, TargetKey


class Sample(NamedTuple):
    """A series of a state, with the value at its target's scrape.

    Attributes:
        labels: without `__name__`.
    """

    labels: dict[str, str]
    value: float
    target: TargetKey


class StateSamples(Sequence[Sample]):
    """The samples of series; each is made when it is looked at, as there may be thousands."""

    def __init__(self, series: list[Series], values: list[float]) -> None:
        self._series = series
        self._values = values

    def __len__(self) -> int:
        return len(self._series)

    def same(self, other: StateSamples) -> bool:
        """Tell whether both have the same series with the very same values, NaN and -0 included."""
        if self._series != other._series:
            return False
        return array("d", self._values).tobytes() == array("d", other._values).tobytes()

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> StateSamples: ...

    def __getitem__(self, index: int | slice) -> Sample | StateSamples:
        if isinstance(index, slice):
            return StateSamples(self._series[index], self._values[index])
        series = self._series[index]
        return Sample(series.own_labels, self._values[index], series.target)


class Scrape(NamedTuple):
    """One scrape of a target.

    Attributes:
        time: when it began, seconds; its samples carry exactly this time.
        duration: seconds; None when it was not recorded.
        up: whether it succeeded.
    """

    time: float
    duration: float | None
    up: bool


@dataclass(frozen=True)
class SeriesState:
    """The selected series at `time`: those that each target's newest scrape until then had.

    A series that its target's newest scrape did not have is not in it. That is what "absent" means
    here: staleness, look-back and scrapes that failed play no part.

    Attributes:
        time: of the newest scrape in it, seconds.
        scrapes: the scrape that counts, for each target.
        samples: the selected series.
        down: targets whose scrape failed; the state says nothing then (always empty for `up` and
            `scrape_*`, which Prometheus itself writes).
    """

    time: float
    scrapes: dict[TargetKey, Scrape]
    samples: Sequence[Sample]
    down: list[TargetKey] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every target answered."""
        return not self.down


def target_text(target: TargetKey) -> str:
    """Return a target as job/instance."""
    return f"{target[0]}/{target[1]}"
