"""How long scrapes took."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable

from harness.recording.series import Series, TargetKey


class Durations:
    """The `scrape_duration_seconds` of each target."""

    def __init__(self, every: Iterable[Series] = ()) -> None:
        self._series = {series.target: series for series in every}
        self._longest: dict[TargetKey, list[float]] = {}

    def add(self, series: Series) -> None:
        """Take in a series; the last one of a target counts."""
        self._series[series.target] = series
        self._longest.pop(series.target, None)

    def at(self, target: TargetKey, time: float) -> float | None:
        """Return how long (seconds) the target's scrape at `time` took; None when it was not recorded."""
        series = self._series.get(target)
        return series.at(time) if series else None

    def longest(self, target: TargetKey, until: float) -> float:
        """Return the longest (seconds) of a target's scrapes until a time; 0 without any."""
        series = self._series.get(target)
        if series is None:
            return 0.0
        times, longest = series.times, self._longest.setdefault(target, [])
        if len(longest) < len(times):
            after = times[len(longest) - 1] if longest else -math.inf
            for _, duration in series.between(after, math.inf):
                longest.append(max(longest[-1], duration) if longest else duration)
        index = bisect_right(times, until)
        return longest[index - 1] if index else 0.0
