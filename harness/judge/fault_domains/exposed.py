"""Compares what a target itself exposed with what Prometheus stored at the scrapes before and after."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from harness.judge.argument import time_text
from harness.judge.matching import Matchers, Where, label_test
from harness.judge.state import target_text
from harness.judge.sweep import Selection
from harness.recording.model import Exposition, Labels, Point, Recording, labels_of
from harness.recording.series import TargetKey, scraped_at

Values = dict[Labels, float]

_OVERLAP = "a scrape of "


@dataclass(frozen=True)
class DirectSample:
    """One look at a target, narrowed to the series that an expectation selects.

    Attributes:
        look: as recorded.
        before, after: when the scrapes around it began, seconds; None without one.
        stored_before, stored_after: what Prometheus stored of these two scrapes.
        exposed: what the target exposed, with the labels of the target added as a scrape does; more
            than one value is a label set that is exposed more than once.
        unusable: why it cannot be compared with the scrapes, or "".
        overlapped: a scrape overlapped it, so that either may have got a part only.
        own: the labels of the target.
    """

    look: Exposition
    before: float | None = None
    after: float | None = None
    stored_before: Values = field(default_factory=dict)
    stored_after: Values = field(default_factory=dict)
    exposed: dict[Labels, list[float]] = field(default_factory=dict)
    unusable: str = ""
    overlapped: bool = False
    own: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> TargetKey:
        """The target as (job, instance)."""
        return (self.look.job, self.look.instance)

    def labels_of(self, point: Point) -> dict[str, str]:
        """Return the labels of an exposed sample with those of the target."""
        return self.own | point.labels

    def missed(self, point: Point, where: Where) -> int:
        """Return how many matchers an exposed sample misses."""
        labels = self.labels_of(point)
        return sum(not label_test(wanted)(labels.get(name, "")) for name, wanted in where.items())

    def shown(self, where: Where) -> list[Point]:
        """Return the exposed samples that an expectation is about: selected, or without any the nearest."""
        if self.look.samples:
            return self.look.samples
        missed = [self.missed(point, where) for point in self.look.others]
        most = min(missed, default=0) + 1
        return [point for point, each in zip(self.look.others, missed, strict=True) if each <= most]

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

    def differs(self) -> bool:
        """Tell whether it can be compared, and Prometheus stored something else."""
        return not self.unusable and bool(self.missing() or self.extra() or self.changed())

    def confirms(self) -> bool:
        """Tell whether the target exposed what was stored, as far as that stood still.

        Two scrapers at once may each lose a part and never gain one: a look that a scrape overlapped, and
        that has all the same, says as much as any other.
        """
        return (not self.unusable or self.overlapped) and not (
            self.missing() or self.extra() or self.changed()
        )

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


def all_looks(
    recording: Recording, selection: Selection, matchers: Matchers, since: float, selector: str
) -> list[DirectSample]:
    """Return every look at the targets since a time, in the order of recording, for the selected series.

    A look at the same metric for other series does not have these: it is none.

    Args:
        recording: so far.
        selection: the series.
        matchers: theirs.
        since: seconds.
        selector: the same as PromQL.
    """
    return [
        _looked(recording, selection, matchers, look)
        for look in recording.expositions
        if look.metric == selection.metric
        and look.began >= since
        and look.selector in ("", selector)
        and (look.job, look.instance) in selection.targets
    ]


def same(one: float, other: float) -> bool:
    """Tell whether two values are the same, NaN included."""
    return one == other or (one != one and other != other)  # noqa: PLR0124  (NaN alone differs from itself)


def _looked(recording: Recording, selection: Selection, matchers: Matchers, look: Exposition) -> DirectSample:
    target = (look.job, look.instance)
    if look.samples is None:
        return DirectSample(look, unusable=look.error or "no answer")
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
    unusable = _unusable(recording, selection, target, look, (before, after))
    return DirectSample(
        look,
        before,
        after,
        _stored(selection, target, before),
        _stored(selection, target, after),
        exposed,
        unusable,
        overlapped=unusable.startswith(_OVERLAP),
        own=own,
    )


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
        return f"{_OVERLAP}{target_text(target)} overlaps the look at {time_text(look.began)}"
    return ""
