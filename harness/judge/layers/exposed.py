"""Compares what a target itself exposed with what Prometheus stored at the scrapes before and after."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from harness.judge.argument import time_text
from harness.judge.matching import Matchers
from harness.judge.state import target_text
from harness.judge.sweep import Selection
from harness.recording.model import Exposition, Labels, Recording, labels_of
from harness.recording.series import TargetKey, scraped_at

Values = dict[Labels, float]


@dataclass(frozen=True)
class Looked:
    """One look at a target, narrowed to the series that an expectation selects.

    Attributes:
        look: as recorded.
        before, after: when the scrapes around it began, seconds; None without one.
        stored_before, stored_after: what Prometheus stored of these two scrapes.
        exposed: what the target exposed, with the labels of the target added as a scrape does; more
            than one value is a label set that is exposed more than once.
        unusable: why it cannot be compared with the scrapes, or "".
    """

    look: Exposition
    before: float | None = None
    after: float | None = None
    stored_before: Values = field(default_factory=dict)
    stored_after: Values = field(default_factory=dict)
    exposed: dict[Labels, list[float]] = field(default_factory=dict)
    unusable: str = ""

    @property
    def target(self) -> TargetKey:
        """The target as (job, instance)."""
        return (self.look.job, self.look.instance)

    def steady(self) -> Values:
        """Return what both scrapes stored with the same value."""
        return {
            labels: value
            for labels, value in self.stored_before.items()
            if labels in self.stored_after and same(self.stored_after[labels], value)
        }

    def missing(self) -> Values:
        """Return what the target exposed and neither scrape stored."""
        stored = self.stored_before.keys() | self.stored_after.keys()
        return {labels: values[0] for labels, values in self.exposed.items() if labels not in stored}

    def extra(self) -> Values:
        """Return what both scrapes stored and the target did not expose in between."""
        if self.look.left_out:
            return {}
        return {
            labels: value
            for labels, value in self.stored_before.items()
            if labels in self.stored_after and labels not in self.exposed
        }

    def changed(self) -> dict[Labels, tuple[float, float]]:
        """Return the exposed and the stored value of what both scrapes agree on, and the target does not."""
        return {
            labels: (self.exposed[labels][0], value)
            for labels, value in self.steady().items()
            if labels in self.exposed and not any(same(value, each) for each in self.exposed[labels])
        }

    def duplicates(self) -> dict[Labels, list[float]]:
        """Return the label sets that the target exposed more than once."""
        return {labels: values for labels, values in self.exposed.items() if len(values) > 1}

    def agrees(self) -> bool:
        """Tell whether the target exposed exactly what both scrapes stored."""
        return (
            not self.unusable
            and not self.look.left_out
            and len(self.steady()) == len(self.stored_before) == len(self.stored_after) == len(self.exposed)
            and not self.changed()
            and not self.missing()
        )


def looks(recording: Recording, selection: Selection, matchers: Matchers, since: float) -> list[Looked]:
    """Return the newest look at each target since a time, for the selected series."""
    newest: dict[TargetKey, Exposition] = {}
    for look in recording.expositions:
        target = (look.job, look.instance)
        if look.metric == selection.metric and look.began >= since and target in selection.targets:
            newest[target] = look
    return [_looked(recording, selection, matchers, newest[target]) for target in sorted(newest)]


def same(one: float, other: float) -> bool:
    """Tell whether two values are the same, NaN included."""
    return one == other or (one != one and other != other)  # noqa: PLR0124  (NaN alone differs from itself)


def _looked(recording: Recording, selection: Selection, matchers: Matchers, look: Exposition) -> Looked:
    target = (look.job, look.instance)
    if look.samples is None:
        return Looked(look, unusable=look.error or "no answer")
    own = {name: value for name, value in selection.targets[target].labels.items() if name != "__name__"}
    exposed: dict[Labels, list[float]] = {}
    for point in look.samples:
        # Prometheus takes an empty label for none; the harness' jobs let the exposed labels win.
        labels = {name: _as_stored(name, value) for name, value in (own | point.labels).items() if value}
        if matchers.match(labels):
            exposed.setdefault(labels_of(labels), []).append(point.value)
    times = selection.targets[target].times
    index = bisect_left(times, look.began)
    before = times[index - 1] if index else None
    after = times[index] if index < len(times) else None
    found = Looked(
        look,
        before,
        after,
        _stored(selection, target, before),
        _stored(selection, target, after),
        exposed,
        _unusable(recording, selection, target, look, (before, after)),
    )
    return found


def _as_stored(name: str, value: str) -> str:
    """Return a label's value as Prometheus stores it: version 3 writes bounds of buckets as floats."""
    if name not in ("le", "quantile") or not value.lstrip("-").isdigit():
        return value
    return f"{value}.0"


def _stored(selection: Selection, target: TargetKey, time: float | None) -> Values:
    if time is None:
        return {}
    stored = zip(*scraped_at(selection.series.get(target, []), time), strict=True)
    return {labels_of(series.own_labels): value for series, value in stored}


def _unusable(
    recording: Recording,
    selection: Selection,
    target: TargetKey,
    look: Exposition,
    around: tuple[float | None, float | None],
) -> str:
    before, after = around
    if before is None or after is None:
        return (
            f"there is no scrape of {target_text(target)} {'before' if before is None else 'after'} the look"
        )
    up = selection.targets[target]
    if up.at(before) != 1 or up.at(after) != 1:
        return f"Prometheus could not scrape {target_text(target)} around the look"
    margin = recording.manifest.clock_uncertainty
    complete = before + recording.scrape_duration(target, before) + margin
    if look.began < complete or look.ended > after - margin:
        # Two scrapers at once each get a part.
        return f"a scrape of {target_text(target)} overlaps the look at {time_text(look.began)}"
    return ""
