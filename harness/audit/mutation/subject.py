"""One expectation of a recording, judged again with other samples.

A live run ends a step as soon as all is decided; for a mutant that is not right by then it would have waited
until the deadline. So the recording goes on: each target is scraped on with the values of its last scrape,
each oracle and each expression say what they said last, until nothing counts any more.

Where metric and oracle both went on changing, the last sample and the last reading say different things.
There the recording goes on from the last state in which they agreed, and what came after it is left out.
Where a target was down after it held, it goes on from the last state before that: a scrape that failed
decides nothing, so that of a mutant nothing could be said either. A target that had just come when the step
ended, and was in no state yet, is left out: nobody had judged what it says.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from harness.audit.mutation.again import Common, GivenAgain
from harness.audit.mutation.table import Column, Table
from harness.judge.decision import Decision
from harness.judge.expression import NO_TARGET
from harness.judge.finding import Finding, Verdict
from harness.judge.given import Given
from harness.judge.judge import ExpectationCase
from harness.judge.kind import kinds, wanted_readings
from harness.judge.matching import Where
from harness.judge.sweep import (
    ENTERS_AFTER_INTERVALS,
    GONE_AFTER_INTERVALS,
    KNOWN_AFTER_INTERVALS,
    baseline,
)
from harness.judge.terms import GRACE_SCRAPES, SLACK_SCRAPES, STEADY_STATES
from harness.recording.model import SCRAPE_DURATION, UP, Answer, Mark, Point, Reading, Recording
from harness.recording.series import Series, TargetKey

_MOST_SCRAPES = 20_000
"""That a step can last, by far."""
_LONG_AFTER_SCRAPES = 100


class UnsteadyRecordingError(Exception):
    """Gone on with as it was, the recording gives another verdict than the live run's."""


@dataclass(frozen=True)
class VerdictBasis:
    """What the verdict rests on: the expectation itself, or what its known issue shows.

    Attributes:
        kind: the kind's name.
        argument: parsed.
    """

    kind: str
    argument: Any


class MutationSubject:
    """An expectation that passed, or showed its known issue.

    Attributes:
        spec: the expectation, templates resolved.
        claim: see Claim.
        verdict: of the live run.
        table: the samples that it looks at, with those that go on.
        base: the scrape of each target that is the baseline; a target without one is missing.
        held_since: the time of the first state of those that the verdict rests on, seconds.
        deadline: the time until which it has to come true, seconds.
        rests_on: the targets of those states.
        readings: the last answer of each oracle that it names.
    """

    def __init__(self, given: Given, ended: Mark) -> None:
        """Take up an expectation of a step.

        Args:
            given: it, and what was observed until the step ended, nothing after it.
            ended: the step's mark.

        Raises:
            UnsteadyRecordingError: see there.
        """
        self._given, self.interval = given, given.interval
        self.expected, self.spec = given.expected, given.spec
        live = ExpectationCase(given)
        found = live.advance(ended.time, final=True)
        assert isinstance(found, Finding)
        self.verdict = found.verdict
        self.deadline = live.decision.last_chance
        if not self.mutable:
            return
        self._recording = given.recording
        self._judged, self._fresh_from = live.collected.took_part, live.collected.fresh_from()
        more = GRACE_SCRAPES + SLACK_SCRAPES + STEADY_STATES + self.spec.hold + 1
        self._until = max(self.deadline, live.collected.deadline, ended.time) + more * self.interval
        self._selection = given.selection
        self.claim = self._claim()
        self.base: dict[TargetKey, float] = {}
        self._take_baseline()
        again = self._go_on(self._answered_until(live.decision))
        if self._verdict(again) is not self.verdict and self._since == math.inf:
            again = self._go_on(live.decision.held_at[-1])
        verdict = self._verdict(again)
        if verdict is not self.verdict:
            raise UnsteadyRecordingError(
                f"{self.verdict.value} live, and {verdict.value} if all stays as it was"
            )
        self.held_since = again.decision.held_at[0]
        self.rests_on = again.decision.rests_on

    def _answered_until(self, live: Decision) -> float:
        """Return the last of the states in which it held before a target was down; infinity if none was."""
        if self.about_scrapes:
            return math.inf
        ups = self._selection.targets.values()
        failed = (time for up in ups for time, value in up.between(live.held_at[0], math.inf) if value != 1)
        first = min([live.interrupted, *failed])
        return first if first == math.inf else max(time for time in live.held_at if time < first)

    def _go_on(self, since: float) -> ExpectationCase:
        """Let the recording go on after a time (seconds) or its end; return it judged without a change."""
        self._since = since
        self._kept = self._without_new(self._recording)
        self._selection = replace(self._given, recording=self._kept).selection
        self._on = {target: self._times_to_come(target) for target in self._selection.targets}
        self.readings: dict[tuple[str, str], Reading] = {}
        self._all_readings = self._readings_on()
        self.table = self._answers_table() if self.spec.promql is not None else self._samples_table()
        self._later: dict[TargetKey, list[float]] = {}
        self._durations = self._durations_on()
        self._all_series = {id(column): self._series(column) for column in self.table.columns}
        self._steady = self._targets_of(self.table)
        self._common = Common(replace(self._given, recording=self._steady))
        return self._case(self.table)

    def _without_new(self, recording: Recording) -> Recording:
        """Return a recording without the targets that came in the step and were in no state yet."""
        known = recording.seen_at(self.expected.step, "settled").keys()
        until = self._since - ENTERS_AFTER_INTERVALS * self.interval
        ups = recording.by_name.get(UP, [])
        kept = [
            up for up in ups if up.target in known or (up.target in self._judged and up.times[0] <= until)
        ]
        return recording.with_series({UP: kept})

    def _newest(self, up: Series) -> float | None:
        """Return the last scrape of a target that is kept; None without any."""
        found = up.latest(self._since, 1)
        return found[0][0] if found else None

    @property
    def mutable(self) -> bool:
        """Whether the verdict is one that a mutant could change for the worse."""
        return self.verdict.as_expected

    @property
    def where(self) -> Where:
        """The matchers; none of an expression."""
        return self.spec.where

    @property
    def about_scrapes(self) -> bool:
        """Whether Prometheus itself writes the metric, also for a scrape that failed."""
        return self._selection.about_scrapes

    def selects(self, labels: dict[str, str]) -> bool:
        """Tell whether a label set is selected; of an expression, whatever it gives is."""
        return self._selection.matchers.match(labels)

    def later(self, target: TargetKey) -> list[float]:
        """Return the scrapes of a target after its baseline; one that failed can have no samples.

        Not to be changed.
        """
        if target not in self._later:
            base = self.base.get(target)
            self._later[target] = [
                time
                for time in self.table.scrapes.get(target, ())
                if (base is None or time > base)
                and (self.about_scrapes or (target, time) not in self.table.down)
            ]
        return self._later[target]

    def counted(self, target: TargetKey) -> list[float]:
        """Return the scrapes of a target from the one that is in the first state in which it held."""
        if self.leaves(target) <= self.held_since:
            return []
        times = self.table.scrapes.get(target, ())
        return list(times[max(0, bisect_right(times, self.held_since) - 1) :])

    def leaves(self, target: TargetKey) -> float:
        """Return the time from which on no state has a target, as it is gone; infinity if it stays."""
        if target == NO_TARGET or self._on[target]:
            return math.inf
        limit = (
            self.table.scrapes[target][-1] + (GONE_AFTER_INTERVALS + KNOWN_AFTER_INTERVALS) * self.interval
        )
        others = (each for each in self.table.scrapes if each[0] == target[0] and each != target)
        return min(
            (time for each in others for time in self.table.scrapes[each] if time > limit), default=math.inf
        )

    def targets(self) -> list[TargetKey]:
        """Return the targets that decide it; of an expression one that stands for its answers."""
        return [NO_TARGET] if self.spec.promql is not None else self.scraped()

    def scraped(self) -> list[TargetKey]:
        """Return the targets of which a scrape counts: those before were replaced in the step."""
        ups = sorted(self._selection.targets.items())
        return [
            target for target, up in ups if self._on[target] or (self._newest(up) or 0.0) > self._fresh_from
        ]

    def target_labels(self, target: TargetKey) -> dict[str, str]:
        """Return the labels that Prometheus gives a target."""
        return self._selection.targets[target].own_labels

    def judge(self, table: Table) -> Verdict:
        """Return the verdict on other samples."""
        return self._verdict(self._case(table))

    def _case(self, table: Table) -> ExpectationCase:
        common, recording = self._common, self.recording_of(table)
        if not self._same_targets(table) or self.spec.metric in (UP, SCRAPE_DURATION):
            common = Common(replace(self._given, recording=recording))
        case = ExpectationCase(GivenAgain(common, recording))
        # Long after: nothing more is waited for, a deadline that was put off included.
        case.advance(self._until + _LONG_AFTER_SCRAPES * self.interval, final=True)
        return case

    def _verdict(self, case: ExpectationCase) -> Verdict:
        found = case.advance(math.inf, final=True)
        assert isinstance(found, Finding)
        return found.verdict

    def _claim(self) -> VerdictBasis:
        issue = self.spec.known_issue
        name, raw = self.spec.kind, self.spec.argument
        if issue is not None and self.verdict is Verdict.KNOWN_ISSUE:
            name, raw = next(iter(issue.shows.items()))
        return VerdictBasis(name, kinds()[name].parse(raw))

    def _take_baseline(self) -> None:
        seen = self._recording.seen_at(self.expected.step, "started")
        before = baseline(self._selection, seen, answered=self.spec.promql is None)
        if before is not None:
            self.base = {target: scrape.time for target, scrape in before.scrapes.items()}
            self.base[NO_TARGET] = before.time

    def _times_to_come(self, target: TargetKey) -> list[float]:
        """Return when a target would be scraped; never again when it is gone, by the rule of the states."""
        targets = self._selection.targets
        every = {other: self._newest(up) for other, up in targets.items()}
        newest = {other: time for other, time in every.items() if time is not None}
        last = newest.get(target)
        of_job = max((time for other, time in newest.items() if other[0] == target[0]), default=0.0)
        if last is None or of_job - last > GONE_AFTER_INTERVALS * self.interval:
            return []
        count = int((self._until - last) / self.interval) + 1
        if count > _MOST_SCRAPES:
            raise UnsteadyRecordingError(f"more than {_MOST_SCRAPES} scrapes would have been to come")
        return [last + (index + 1) * self.interval for index in range(count)]

    def _samples_on(self, series: Series) -> dict[float, float]:
        """Return all samples of a series; what the last scrape of its target had is there for ever."""
        samples = dict(series.between(-math.inf, self._since))
        up = self._selection.targets.get(series.target)
        newest = self._newest(up) if up is not None else None
        if newest in samples:
            samples |= dict.fromkeys(self._on[series.target], samples[newest])
        return samples

    def _scrapes(self) -> dict[TargetKey, tuple[float, ...]]:
        return {
            target: (*(time for time in up.times if time <= self._since), *self._on[target])
            for target, up in sorted(self._selection.targets.items())
        }

    def _down(self) -> frozenset[tuple[TargetKey, float]]:
        ups = self._selection.targets.items()
        return frozenset(
            (target, time) for target, up in ups for time, value in self._samples_on(up).items() if value != 1
        )

    def _samples_table(self) -> Table:
        every = [series for found in self._selection.series.values() for series in found]
        columns = (Column(each.own_labels, each.target, self._samples_on(each)) for each in every)
        return self._since_baseline(columns)

    def _since_baseline(self, columns: Iterable[Column]) -> Table:
        """Return a table without what went before the baseline, and what a replaced target had."""
        parts = {NO_TARGET, *self.scraped()}
        kept = (
            each
            for each in columns
            if each.samples and each.target in parts and max(each.samples) >= self.base.get(each.target, 0.0)
        )
        return Table(tuple(kept), self._scrapes(), self._down())

    def _answers_table(self) -> Table:
        """Return the elements of the answers; at a time without one, those of the answer before it."""
        every = self._recording.answers.get(self.spec.promql or "", {})
        recorded = {time: answer for time, answer in every.items() if time <= self._since}
        scrapes = self._scrapes()
        times = sorted({*recorded, *(time for found in scrapes.values() for time in found)})
        elements: dict[tuple[tuple[str, str], ...], dict[float, float]] = {}
        known: list[Point] = []
        answered: list[float] = []
        for time in times:
            answer = recorded.get(time)
            if answer is not None and answer.vector is not None:
                known = answer.vector
            elif not answered:
                continue
            answered.append(time)
            for point in known:
                labels = {name: value for name, value in point.labels.items() if name != "__name__"}
                elements.setdefault(tuple(sorted(labels.items())), {})[time] = point.value
        table = self._since_baseline(
            Column(dict(key), NO_TARGET, samples) for key, samples in elements.items()
        )
        return replace(table, scrapes={**scrapes, NO_TARGET: tuple(answered)})

    def _readings_on(self) -> dict[tuple[str, str], list[Reading]]:
        """Return the readings, with one more at the end of each oracle that has a part in the verdict."""
        found = dict(self._recording.readings)
        keys = [(oracle.name, oracle.key) for oracle in wanted_readings(self.spec)]
        promptness = self.expected.promptness
        if promptness is not None and promptness.oracle:
            keys.append((promptness.oracle, promptness.key))
        for key in keys:
            kept = self._readings_kept(found.get(key, []))
            answers = [each for each in kept if each.vector is not None and each.error is None]
            if answers:
                last = self.readings[key] = answers[-1]
                end = self._until + self.interval
                found[key] = [*kept, last.model_copy(update={"began": end, "ended": end})]
        return found

    def _readings_kept(self, readings: list[Reading]) -> list[Reading]:
        """Return the readings until the first that began when the last kept scrape was surely complete."""
        if self._since == math.inf:
            return readings
        over = 0.0
        for target, up in self._selection.targets.items():
            newest = self._newest(up)
            if newest is not None:
                duration = self._recording.durations.at(target, newest)
                over = max(over, newest + (self.interval if duration is None else duration))
        over += self._recording.manifest.clock_uncertainty
        for index, each in enumerate(readings):
            if each.began >= over and each.vector is not None:
                return readings[: index + 1]
        return readings

    def _durations_on(self) -> list[Series]:
        return [
            Series.of(series.labels, sorted(self._samples_on(series).items()))
            for series in self._recording.by_name.get(SCRAPE_DURATION, [])
        ]

    def _same_targets(self, table: Table) -> bool:
        return table.scrapes is self.table.scrapes and table.down is self.table.down

    def _targets_of(self, table: Table) -> Recording:
        """Return the recording with the targets of a table, and without the samples in question."""
        view = self._kept.with_series({UP: self._ups(table), SCRAPE_DURATION: self._durations})
        view.readings = self._all_readings
        return view

    def recording_of(self, table: Table) -> Recording:
        """Return the recording, gone on with, that has other samples."""
        view = self._steady if self._same_targets(table) else self._targets_of(table)
        if self.spec.promql is not None:
            view = view.with_series({})
            view.answers = {**view.answers, self.spec.promql: self._answers(self.spec.promql, table)}
            return view
        metric = self.spec.metric
        own = view.by_name[metric] if metric in (UP, SCRAPE_DURATION) else []
        others = [each for each in own if not self.selects(each.own_labels)]
        series = (self._all_series.get(id(column)) or self._series(column) for column in table.columns)
        return view.with_series({metric: [*others, *series]})

    def _ups(self, table: Table) -> list[Series]:
        found = []
        for series in self._kept.by_name.get(UP, []):
            times = table.scrapes.get(series.target)
            if times is None:
                found.append(series)
            else:
                ups = ((time, float((series.target, time) not in table.down)) for time in times)
                found.append(Series.of(series.labels, ups))
        return found

    def _series(self, column: Column) -> Series:
        labels = {"__name__": self.spec.metric, **column.labels}
        return Series.of(labels, sorted(column.samples.items()))

    def _answers(self, expression: str, table: Table) -> dict[float, Answer]:
        found = dict(self._recording.answers.get(expression, {}))
        for time in table.scrapes[NO_TARGET]:
            was = found.get(time)
            if was is None:
                was = Answer(expression=expression, time=time, asked=time, result_type="vector")
            # What was refused stays as it was.
            if time not in found or was.vector is not None:
                vector = [
                    Point(labels=dict(column.labels), value=column.samples[time])
                    for column in table.columns
                    if time in column.samples
                ]
                found[time] = was.model_copy(update={"vector": vector})
        return found
