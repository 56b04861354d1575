"""The samples of a recording in memory: a row of numbers a scrape, and each series' column of them.

All samples of one scrape of a target have its time, and a scrape nearly always has the series of the one
before. So the scrapes of one *layout* (series that come together) are kept as rows of one flat array, a
*chunk*, with their times once. A chunk ends when any of its series gets a sample in another layout; the
chunks of a series follow each other in time.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property

TargetKey = tuple[str, str]
"""(job, instance) of a scrape target."""


class Series:
    """The samples of one series, in time order: a view of its column of the recorded scrapes.

    What is asked for around a time (`at`, `between`, `latest`, `first`, `newest`) costs no more with a
    longer recording; `values` is a new list each time.

    Attributes:
        labels: the label set, with `__name__`.
        target: what it was scraped from.
    """

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.target: TargetKey = (labels.get("job", ""), labels.get("instance", ""))
        self._chunks: list[_Chunk] = []
        self._begins = array("d")
        self._columns = array("L")
        self._times: list[float] = []

    @classmethod
    def of(cls, labels: dict[str, str], samples: Iterable[tuple[float, float]]) -> Series:
        """Return a series of its own, of no recording.

        Args:
            labels: with `__name__`.
            samples: (time, value), in time order; one that is not newer than the one before is left out.
        """
        series = cls(labels)
        layout = Layout([series])
        for time, value in samples:
            layout.add(time, [value])
        return series

    @cached_property
    def own_labels(self) -> dict[str, str]:
        """The label set without `__name__`; not to be changed."""
        return {name: value for name, value in self.labels.items() if name != "__name__"}

    @property
    def times(self) -> list[float]:
        """The times of all samples; not to be changed."""
        if len(self._chunks) == 1:
            return self._chunks[0].times
        times = self._times
        newest = times[-1] if times else float("-inf")
        if self._chunks and newest < self._chunks[-1].times[-1]:
            for chunk in self._chunks[max(self._chunk_at(newest), 0) :]:
                times += chunk.times[bisect_right(chunk.times, newest) :]
        return times

    @property
    def values(self) -> list[float]:
        """The values of all samples, in a new list."""
        return [
            value
            for chunk, column in zip(self._chunks, self._columns, strict=True)
            for value in chunk.values[column :: chunk.width]
        ]

    @property
    def first(self) -> float | None:
        """The time of the first sample; None without any."""
        return self._begins[0] if self._begins else None

    @property
    def newest(self) -> float | None:
        """The time of the newest sample; None without any."""
        return self._chunks[-1].times[-1] if self._chunks else None

    def at(self, time: float) -> float | None:
        """Return the sample scraped at exactly `time`, or None."""
        index = self._chunk_at(time)
        if index < 0:
            return None
        chunk = self._chunks[index]
        row = bisect_left(chunk.times, time)
        if row == len(chunk.times) or chunk.times[row] != time:
            return None
        return chunk.values[row * chunk.width + self._columns[index]]

    def between(self, after: float, until: float) -> list[tuple[float, float]]:
        """Return (time, value) of the samples later than `after` and not later than `until`."""
        found: list[tuple[float, float]] = []
        for index in range(max(self._chunk_at(after), 0), len(self._chunks)):
            if self._begins[index] > until:
                break
            times = self._chunks[index].times
            found += self._rows(index, bisect_right(times, after), bisect_right(times, until))
        return found

    def latest(self, until: float, count: int) -> list[tuple[float, float]]:
        """Return (time, value) of the `count` newest samples not later than `until`, in time order."""
        found: list[tuple[float, float]] = []
        index = self._chunk_at(until)
        while index >= 0 and len(found) < count:
            end = bisect_right(self._chunks[index].times, until)
            found = self._rows(index, max(0, end - count + len(found)), end) + found
            index -= 1
        return found

    def _chunk_at(self, time: float) -> int:
        """Return the index of the last chunk that begins at or before `time`; -1 when none does."""
        begins = self._begins
        last = len(begins) - 1
        return last if last < 0 or begins[last] <= time else bisect_right(begins, time) - 1

    def _rows(self, index: int, start: int, stop: int) -> list[tuple[float, float]]:
        chunk = self._chunks[index]
        column = chunk.values[start * chunk.width + self._columns[index] : stop * chunk.width : chunk.width]
        return list(zip(chunk.times[start:stop], column, strict=True))

    def _follow(self, chunk: _Chunk, column: int) -> None:
        """Take the samples from now on from a new chunk."""
        if self._chunks:
            self._chunks[-1].layout.chunk = None
        self._chunks.append(chunk)
        self._begins.append(chunk.times[0])
        self._columns.append(column)


def scraped_at(every: Iterable[Series], time: float) -> tuple[list[Series], list[float]]:
    """Return the series that have a sample at exactly `time`, and their values; quicker than `at` of each."""
    there: list[Series] = []
    found: list[float] = []
    known, start = None, -1
    for series in every:
        index = series._chunk_at(time)
        if index < 0:
            continue
        chunk = series._chunks[index]
        if chunk is not known:
            # Series of one target are mostly in the same row.
            known, row = chunk, bisect_left(chunk.times, time)
            start = row * chunk.width if row < len(chunk.times) and chunk.times[row] == time else -1
        if start >= 0:
            there.append(series)
            found.append(chunk.values[start + series._columns[index]])
    return there, found


class Layout:
    """Series that come together; `add` keeps a scrape of them.

    Attributes:
        series: without repetition.
        chunk: where the next scrape goes: the last chunk of each of the series; None when there is none.
    """

    __slots__ = ("chunk", "series")

    def __init__(self, series: list[Series]) -> None:
        self.series = series
        self.chunk: _Chunk | None = None

    def add(self, time: float, values: list[float]) -> None:
        """Add a sample to each series that has none as new, or newer, yet."""
        chunk = self.chunk
        if chunk is None:
            self._begin(time, values)
        elif time > chunk.times[-1]:
            chunk.times.append(time)
            chunk.values.fromlist(values)

    def _begin(self, time: float, values: list[float]) -> None:
        chunks = [series._chunks for series in self.series]
        new = [column for column, each in enumerate(chunks) if not each or each[-1].times[-1] < time]
        if not new:
            return
        layout = self
        if len(new) < len(self.series):
            layout = Layout([self.series[column] for column in new])
            values = [values[column] for column in new]
        chunk = _Chunk(layout, time, values)
        for column, series in enumerate(layout.series):
            series._follow(chunk, column)
        layout.chunk = chunk


class _Chunk:
    """Scrapes of one layout: their times, and their values row after row."""

    __slots__ = ("layout", "times", "values", "width")

    def __init__(self, layout: Layout, time: float, values: list[float]) -> None:
        self.layout = layout
        self.width = len(layout.series)
        self.times = [time]
        self.values = array("d", values)
