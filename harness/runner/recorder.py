"""Adds entries to the recording in memory and on disk at once, so that both always agree."""

from __future__ import annotations

from harness.recording.model import (
    AnyEntry,
    Labels,
    LayoutDefinition,
    Recording,
    Samples,
    SeriesDefinition,
    labels_of,
)
from harness.recording.redacted import redacted
from harness.recording.series import TargetKey
from harness.recording.writer import RecordingWriter


class Recorder:
    """One scenario's recording while it is being made."""

    def __init__(self, recording: Recording, writer: RecordingWriter) -> None:
        self.recording = recording
        self._writer = writer
        self._numbers: dict[Labels, int] = {}
        self._newest: dict[int, float] = {}
        self._layouts: dict[tuple[int, ...], int] = {}

    def add(self, entry: AnyEntry) -> AnyEntry:
        """Add one entry to memory and disk, without secrets; return it as it was added."""
        entry = redacted(entry)
        self._writer.write(entry)
        self.recording.add(entry)
        return entry

    def add_title(self, title: str) -> None:
        """Add the title of one more step to the manifest, of a scenario whose steps nobody knew before."""
        self.recording.manifest.steps.append(title)
        self._writer.write_manifest(self.recording.manifest)

    def add_samples(self, series: list[tuple[dict[str, str], list[tuple[float, float]]]]) -> int:
        """Add what is new of some series' samples; return how many samples were new.

        What came of one scrape is one entry, so that a run that is killed leaves no part of a scrape.

        Args:
            series: label sets (with `__name__`) and their samples as (time, value), in time order.
        """
        scrapes: dict[tuple[float, TargetKey], dict[int, float]] = {}
        for labels, samples in series:
            number = self._number(labels)
            target = (labels.get("job", ""), labels.get("instance", ""))
            newest = self._newest.get(number, float("-inf"))
            for time, value in samples:
                if time > newest:
                    newest = time
                    scrapes.setdefault((time, target), {})[number] = value
            self._newest[number] = newest
        for (time, _), scraped in sorted(scrapes.items(), key=lambda each: each[0][0]):
            # Prometheus gives the series in any order; in this one they are those of the scrape before.
            numbers = sorted(scraped)
            values = [scraped[number] for number in numbers]
            self.add(Samples(layout=self._layout(tuple(numbers)), time=time, values=values))
        return sum(len(scraped) for scraped in scrapes.values())

    def _number(self, labels: dict[str, str]) -> int:
        key = labels_of(labels)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._numbers)
            self.add(SeriesDefinition(number=number, labels=labels))
        return number

    def _layout(self, numbers: tuple[int, ...]) -> int:
        layout = self._layouts.get(numbers)
        if layout is None:
            layout = self._layouts[numbers] = len(self._layouts)
            self.add(LayoutDefinition(number=layout, series=list(numbers)))
        return layout

    def close(self) -> None:
        """Close the file; the recording in memory stays usable."""
        self._writer.close()
