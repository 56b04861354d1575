"""Goes through the scrapes after a step in time order and builds the states that are judged.

Every state is a function of the scrapes up to its time alone, so that the order and the moment at
which entries arrive cannot change what was judged before:

- A target of which a scrape was recorded before the step settled takes part from the first state on.
- Any other takes part from 0.9 intervals after its first scrape on: by then that scrape has surely been
  recorded, as Prometheus gives none more time than one interval.
- It is *gone* when it has had no scrape for more than 5 intervals; that is known once another target
  of the same job, matched by the same `where`, has been scraped for 6 intervals without it. Its pod
  went away and service discovery dropped it. The last target of a job is never gone, only not
  scraped. One that comes back takes part again like a new one.
- A state follows once each target that takes part has a scrape newer than the one in the state
  before: "three states" means three scrapes of every target, however many targets there are.
- It is at the time of the newest scrape in it and has, for each target, the newest scrape until then.
- Scrapes of one target are at least half an interval apart (Prometheus scrapes at a fixed offset), so
  a scrape that is not here yet, as a slow one may be, can be told from one that does not exist.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field

from harness.judge.matching import Matchers
from harness.judge.state import Scrape, SeriesState, StateSamples, target_text
from harness.recording.model import UP, Recording
from harness.recording.series import Series, TargetKey, scraped_at

GONE_AFTER_INTERVALS = 5
KNOWN_AFTER_INTERVALS = 1
ENTERS_AFTER_INTERVALS = 0.9
_APART_INTERVALS = 0.5


@dataclass(frozen=True)
class AwaitingState:
    """No state yet.

    Attributes:
        reason: what is missing, for the progress line.
        targets: which targets are not scraped.
    """

    reason: str
    targets: tuple[TargetKey, ...] = ()


@dataclass
class _Turn:
    """What the targets have for the next state.

    Attributes:
        time: the earliest time at which the state can be.
        firsts: the first new scrape of each target that takes part.
        entering: when targets that are new, or are back, begin to take part.
        missing: targets that take part and have no new scrape.
    """

    time: float
    firsts: dict[TargetKey, float] = field(default_factory=dict)
    entering: dict[TargetKey, float] = field(default_factory=dict)
    missing: list[TargetKey] = field(default_factory=list)


class Selection:
    """The series that an expectation selects, and the targets that decide it; grows with the recording."""

    def __init__(self, recording: Recording, metric: str, matchers: Matchers, jobs: list[str]) -> None:
        self.recording = recording
        self.metric = metric
        self.matchers = matchers
        self.jobs = frozenset(jobs)
        # Prometheus writes these itself, also for a scrape that failed.
        self.about_scrapes = metric == UP or metric.startswith("scrape_")
        self.targets: dict[TargetKey, Series] = {}
        self.unseen_jobs = {job for job in jobs if matchers.match_job(job)}
        self.series: dict[TargetKey, list[Series]] = {}
        self._histograms: dict[tuple[TargetKey, float], dict[str, str]] = {}
        self._targets_read = self._series_read = self._histograms_read = 0
        self.refresh()

    def refresh(self) -> None:
        """Take in the series that were defined since."""
        for series in self._new_targets():
            self.unseen_jobs.discard(series.target[0])
            if series.labels.get("job") in self.jobs and self.matchers.match_target(series.labels):
                self.targets[series.target] = series
        for series in self._newly_selected():
            self.series.setdefault(series.target, []).append(series)

        histograms = self.recording.native_histograms[self._histograms_read :]
        self._histograms_read += len(histograms)
        for histogram in histograms:
            labels = histogram["labels"]
            if labels.get("__name__") == self.metric and self.matchers.match(labels):
                target = (labels.get("job", ""), labels.get("instance", ""))
                self._histograms |= {(target, time): labels for time in histogram["times"]}

    def histogram(self, state: SeriesState) -> dict[str, str] | None:
        """Return the labels of a selected series of which a scrape of the state holds a native histogram."""
        found = (self._histograms.get((target, scrape.time)) for target, scrape in state.scrapes.items())
        return next((labels for labels in found if labels), None)

    def _new_targets(self) -> list[Series]:
        found = self.recording.by_name.get(UP, [])
        read, self._targets_read = self._targets_read, len(found)
        return found[read:]

    def _newly_selected(self) -> list[Series]:
        found = self.recording.by_name.get(self.metric, [])
        read, self._series_read = self._series_read, len(found)
        if found and not read:
            return self.matchers.select(self.recording.index(self.metric))
        return [series for series in found[read:] if self.matchers.match(series.labels)]

    def scrape(self, target: TargetKey, time: float) -> Scrape:
        """Return the scrape of a target at exactly this time."""
        return Scrape(time, self.recording.durations.at(target, time), self.targets[target].at(time) == 1)

    def longest_scrape(self, seen: dict[TargetKey, float]) -> float:
        """Return the longest scrape (seconds) of the targets until a mark; 0 when none is recorded.

        Args:
            seen: the newest scrape of each target that was recorded before the mark.
        """
        durations = self.recording.durations
        longest = (
            durations.longest(target, until) for target, until in seen.items() if target in self.targets
        )
        return max(longest, default=0.0)

    def state(self, scrapes: dict[TargetKey, float]) -> SeriesState:
        """Return the state of these targets at these scrapes."""
        return self.state_of({target: self.scrape(target, time) for target, time in sorted(scrapes.items())})

    def state_of(self, taken: dict[TargetKey, Scrape]) -> SeriesState:
        """Return the state of these scrapes, sorted by target."""
        there: list[Series] = []
        values: list[float] = []
        for target, scrape in taken.items():
            found = scraped_at(self.series.get(target, []), scrape.time)
            there += found[0]
            values += found[1]
        down = [target for target, scrape in taken.items() if not scrape.up and not self.about_scrapes]
        return SeriesState(
            max(scrape.time for scrape in taken.values()), taken, StateSamples(there, values), down
        )


class Sweep:
    """The states after a time, one after the other."""

    def __init__(
        self, selection: Selection, fresh_after: float, known: Collection[TargetKey] = frozenset()
    ) -> None:
        """Begin behind a time.

        Args:
            selection: which series and targets.
            fresh_after: seconds; no scrape until then is in a state.
            known: the targets of which a scrape was recorded before the step settled.
        """
        self.selection = selection
        self._known = frozenset(known)
        self.interval = selection.recording.manifest.interval
        self.fresh_after = fresh_after
        self._used: dict[TargetKey, float] = {}
        self._left: dict[TargetKey, float] = {}
        self._newest: dict[str, float] = {}
        self._time = fresh_after

    def took_part(self) -> set[TargetKey]:
        """Return the targets of the states so far."""
        return set(self._used)

    def accept(self, state: SeriesState) -> None:
        """Go on behind this state."""
        self._time = state.time
        self._used.update({target: scrape.time for target, scrape in state.scrapes.items()})

    def next(self, *, patient: bool) -> SeriesState | AwaitingState:
        """Return the next state, or what it waits for.

        Args:
            patient: whether a scrape that may still arrive is waited for.
        """
        scrapes = self.scrapes(patient=patient)
        return scrapes if isinstance(scrapes, AwaitingState) else self.selection.state(scrapes)

    def scrapes(self, *, patient: bool) -> dict[TargetKey, float] | AwaitingState:
        """Return the scrape of each target in the next state, or what it waits for; see `next`."""
        if unseen := self.selection.unseen_jobs:
            # Without it "absent" would be true of a job that nobody looks at.
            return AwaitingState(f"a scrape of any target of the job {', '.join(sorted(unseen))}")
        if not self.selection.targets:
            return AwaitingState("a scrape of a target that `where` can mean")
        self._newest = {}
        for (job, _), up in self.selection.targets.items():
            if up.newest is not None:
                self._newest[job] = max(up.newest, self._newest.get(job, up.newest))
        turn = self._turn()
        if turn.missing:
            return self._waiting(turn.missing)
        time: float | None = turn.time
        if not turn.firsts:
            time = self._first_after_entry(turn)
            if time is None:
                return self._waiting(list(self.selection.targets))
        assert time is not None
        scrapes: dict[TargetKey, float] = {}
        for target in [*turn.firsts, *(each for each, entry in turn.entering.items() if entry <= time)]:
            times = self.selection.targets[target].times
            index = bisect_right(times, time) - 1
            newest = times[index]
            unseen_yet = index == len(times) - 1 and time - newest >= _APART_INTERVALS * self.interval
            if patient and unseen_yet and self._gone_at(target, newest) is None:
                return self._waiting([target])
            scrapes[target] = newest
        return scrapes

    def _turn(self) -> _Turn:
        """Return which targets have a scrape for the next state, and which it has to wait for."""
        turn = _Turn(self._time)
        entry = ENTERS_AFTER_INTERVALS * self.interval
        for target, up in self.selection.targets.items():
            times = up.times
            if not times or self._left.get(target) == times[-1]:
                continue
            new = target not in self._used and target not in self._known
            if new and times[0] + entry > self._time:
                turn.entering[target] = times[0] + entry
                continue
            index = bisect_right(times, self._used.get(target, self.fresh_after))
            first = times[index] if index < len(times) else None
            last = times[index - 1] if index else times[0]
            near = first is not None and first <= last + GONE_AFTER_INTERVALS * self.interval
            gone = None if near else self._gone_at(target, last)
            if gone is not None:
                # It leaves at `gone`, or has left before.
                turn.time = max(turn.time, gone)
                if first is not None:
                    turn.entering[target] = first + entry
                elif gone <= self._time:
                    # It changes no later state until it is back.
                    self._left[target] = last
            elif first is not None:
                turn.firsts[target] = first
                turn.time = max(turn.time, first)
            else:
                turn.missing.append(target)
        return turn

    def _first_after_entry(self, turn: _Turn) -> float | None:
        """Return the first scrape of any target that enters, when none other takes part."""
        earliest: float | None = None
        for target, entry in turn.entering.items():
            times = self.selection.targets[target].times
            index = bisect_left(times, max(entry, turn.time))
            if index < len(times) and (earliest is None or times[index] < earliest):
                earliest = times[index]
        return earliest

    def _gone_at(self, target: TargetKey, last: float) -> float | None:
        """Return when a target whose last scrape was at `last` is known to be gone."""
        limit = last + (GONE_AFTER_INTERVALS + KNOWN_AFTER_INTERVALS) * self.interval
        if self._newest[target[0]] <= limit:
            return None
        earliest: float | None = None
        for other, up in self.selection.targets.items():
            if other != target and other[0] == target[0]:
                times = up.times
                index = bisect_right(times, limit)
                if index < len(times) and (earliest is None or times[index] < earliest):
                    earliest = times[index]
        return earliest

    def _waiting(self, targets: list[TargetKey]) -> AwaitingState:
        return AwaitingState(
            f"a fresh scrape of {', '.join(target_text(target) for target in targets)}", tuple(targets)
        )


def baseline(
    selection: Selection, seen: dict[TargetKey, float], *, answered: bool = False
) -> SeriesState | None:
    """Return the state at the newest scrapes that were recorded before a mark; None without any.

    Targets that were gone by then are left out, by the rule of the states.

    Args:
        selection: which series and targets.
        seen: the newest scrape of each target before the mark.
        answered: of a target that was down at its newest scrape take the last one that it answered, as long
            as it is no older than what is gone: what has changed since then counts for the step.
    """
    seen = {target: time for target, time in seen.items() if target in selection.targets}
    limit = GONE_AFTER_INTERVALS * selection.recording.manifest.interval
    newest: dict[str, float] = {}
    for (job, _), time in seen.items():
        newest[job] = max(time, newest.get(job, time))
    scrapes = {target: time for target, time in seen.items() if newest[target[0]] - time <= limit}
    if answered and not selection.about_scrapes:
        for target, time in scrapes.items():
            ups = selection.targets[target].between(newest[target[0]] - limit, time)
            scrapes[target] = max((when for when, up in ups if up == 1), default=time)
    return selection.state(scrapes) if scrapes else None
