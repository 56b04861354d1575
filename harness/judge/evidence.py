"""What a finding shows of a recording: enough to follow the decision without the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from harness.judge.kind import Increase
from harness.judge.matching import Where, label_test
from harness.judge.state import Sample, SeriesState, target_text
from harness.judge.sweep import Selection
from harness.prometheus.matcher import Matcher
from harness.recording.model import Reading, Recording
from harness.recording.series import Series, TargetKey

_SAMPLES = 8
_SERIES = 20
_NEAREST = 5


@dataclass(frozen=True)
class Evidence:
    """Collects the evidence for one finding.

    Nothing in it is newer than the deciding state: the finding must not depend on how much more was
    recorded by the time it was made.
    """

    recording: Recording
    selection: Selection
    where: Where
    state: SeriesState | None
    baseline: SeriesState | None
    took_part: set[TargetKey]
    readings: list[Reading]

    def collect(self, increases: list[Increase]) -> dict[str, Any]:
        """Return the evidence, JSON-compatible."""
        found: dict[str, Any] = {}
        if self.baseline is not None:
            found["baseline"] = rows(self.baseline.samples[:_SERIES])
            found["baseline_scrapes"] = _scrapes(self.baseline)
        if self.readings:
            found["readings"] = [
                {
                    "oracle": reading.oracle,
                    "key": reading.key,
                    "began": reading.began,
                    "ended": reading.ended,
                    "vector": [point.model_dump() for point in reading.vector or []],
                }
                for reading in self.readings
            ]
        if self.state is None:
            return found
        found["scrapes"] = _scrapes(self.state)
        shown = [
            series
            for target in sorted(self.took_part)
            for series in self.selection.series.get(target, [])
            if self._seen(series)
        ]
        found["samples"] = [self._samples(series) for series in shown[:_SERIES]]
        if len(shown) > _SERIES:
            found["series_left_out"] = len(shown) - _SERIES
        gone = sorted(target_text(target) for target in self.took_part - self.state.scrapes.keys())
        if gone:
            found["targets_gone"] = gone
        if not self.state.samples:
            found["nearest"] = self._nearest()
        resets = [
            {"labels": each.labels, "time": time, "before": before, "after": after}
            for each in increases
            for time, before, after in each.resets
        ]
        if resets:
            found["resets"] = resets[:_SERIES]
        vanished = [
            {"labels": each.labels, "last_seen": each.vanished, "increase_kept": each.amount}
            for each in increases
            if each.vanished is not None
        ]
        if vanished:
            found["vanished"] = vanished[:_SERIES]
        return found

    def _until(self, target: TargetKey) -> float:
        """Return the time until which a target's samples had surely been recorded at the decision."""
        assert self.state is not None
        if target in self.state.scrapes:
            return self.state.scrapes[target].time
        return self.state.time - self.recording.manifest.interval

    def _seen(self, series: Series) -> bool:
        """Tell whether a series had a sample when the decision was made."""
        first = series.first
        return first is not None and first <= self._until(series.target)

    def _samples(self, series: Series) -> dict[str, Any]:
        samples = [list(pair) for pair in series.latest(self._until(series.target), _SAMPLES)]
        return {"labels": series.own_labels, "samples": samples}

    def _nearest(self) -> list[dict[str, Any]]:
        """Return series of the same metric that miss the fewest matchers, and which ones."""
        tests = [(label, label_test(wanted)) for label, wanted in self.where.items()]
        near: dict[int, list[Series]] = {}
        for series in self.recording.by_name.get(self.selection.metric, []):
            if self._seen(series):
                missed = sum(not test(series.labels.get(label, "")) for label, test in tests)
                near.setdefault(missed, []).append(series)
        nearest: list[Series] = []
        for missed in sorted(near):
            if len(nearest) < _NEAREST:
                nearest += nsmallest(
                    _NEAREST - len(nearest), near[missed], key=lambda each: sorted(each.own_labels.items())
                )
        return [self._near(series) for series in nearest]

    def _near(self, series: Series) -> dict[str, Any]:
        labels = series.own_labels
        ((last_seen, value),) = series.latest(self._until(series.target), 1)
        differs = {
            label: {"wanted": _wanted(wanted), "found": labels.get(label, "")}
            for label, wanted in self.where.items()
            if not label_test(wanted)(labels.get(label, ""))
        }
        return {"labels": labels, "differs": differs, "last_seen": last_seen, "value": value}


def rows(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Return samples as a table."""
    return [{"labels": sample.labels, "value": sample.value} for sample in samples]


def _scrapes(state: SeriesState) -> list[dict[str, Any]]:
    return [
        {"target": target_text(target), "time": scrape.time, "duration": scrape.duration, "up": scrape.up}
        for target, scrape in state.scrapes.items()
    ]


def _wanted(wanted: str | Matcher) -> Any:
    return wanted if isinstance(wanted, str) else wanted.model_dump(by_alias=True, exclude_none=True)
