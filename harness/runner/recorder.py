"""Adds entries to the recording in memory and on disk at once, so that both always agree."""

from __future__ import annotations

from harness.recording.model import (
    AnyEntry,
    Labels,
    Recording,
    Samples,
    SeriesDefinition,
    labels_of,
)
from harness.recording.writer import RecordingWriter


class Recorder:
    """One scenario's recording while it is being made."""

    def __init__(self, recording: Recording, writer: RecordingWriter) -> None:
        self.recording = recording
        self._writer = writer
        self._numbers: dict[Labels, int] = {}
        self._newest: dict[int, float] = {}

    def add(self, entry: AnyEntry) -> None:
        """Add one entry to memory and disk."""
        self._writer.write(entry)
        self.recording.add(entry)

    def add_samples(self, series: list[tuple[dict[str, str], list[tuple[float, float]]]]) -> int:
        """Add what is new of some series' samples; return how many samples were new.

        Args:
            series: label sets (with `__name__`) and their samples as (time, value), in time order.
        """
        new: list[tuple[int, float, float]] = []
        for labels, samples in series:
            key = labels_of(labels)
            number = self._numbers.get(key)
            if number is None:
                number = self._numbers[key] = len(self._numbers)
                self.add(SeriesDefinition(number=number, labels=labels))
            for time, value in samples:
                if time > self._newest.get(number, float("-inf")):
                    self._newest[number] = time
                    new.append((number, time, value))
        if new:
            self.add(Samples(samples=new))
        return len(new)

    def close(self) -> None:
        """Close the file; the recording in memory stays usable."""
        self._writer.close()
