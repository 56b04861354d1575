"""What the layers look at: one failed expectation on a metric, with all that was recorded about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from harness.judge.argument import ArgumentError, OracleRef, time_text
from harness.judge.fault_domains.exposed import DirectSample, Values, all_looks, same
from harness.judge.fault_domains.truth import OracleTruth, truth
from harness.judge.finding import Finding
from harness.judge.given import Given
from harness.judge.kind import Increase, Kind, NotComparableError, kinds
from harness.judge.state import SeriesState, target_text
from harness.judge.sweep import baseline
from harness.prometheus.promql import selector
from harness.recording.declared import Declared
from harness.recording.model import Point, labels_of
from harness.recording.notes import DECLARED, LOOK, SELECTOR
from harness.recording.series import TargetKey

_NEW_INTERVALS = 2
"""A target that is first scraped so much later than the others was not there before."""


@dataclass(frozen=True)
class _Later:
    """The context of an expectation that is judged at one later state; see kind.Context."""

    fixed: dict[str, str]

    def vector(self, oracle: OracleRef, state: SeriesState) -> list[Point]:
        """See kind.Context."""
        raise NotComparableError(f"{oracle} was not asked")

    def increases(self, state: SeriesState) -> list[Increase]:
        """See kind.Context."""
        return []


@dataclass(frozen=True)
class Diagnosis:
    """What a layer says: that the failure lies in it (or that none can be told), and why."""

    layer: str | None
    told: list[str]


class FailureContext:
    """One failed expectation on a metric.

    Attributes:
        recording: what was observed until the step ended.
        finding: what the judge said.
        spec: the expectation; `fixed`: labels that its `where` fixes by equality.
        selection: the series that it selects.
        all_looked: the looks at its targets in this step.
        looked: the newest one at each target.
        note: the detail of the note that goes with them; see recording/notes.py.
        declared: what the catalogue says of the metric; None in recordings that do not have it.
    """

    def __init__(self, given: Given, finding: Finding) -> None:
        self.recording = recording = given.recording
        self.finding = finding
        self.fixed = given.fixed
        self.spec = given.spec
        self.selection = given.selection
        self.selection.refresh()
        started = recording.mark(given.expected.step, "started")
        self._since = started.time if started else -math.inf
        looked_for = selector(self.spec.metric, self.spec.where)
        self.all_looked = all_looks(recording, self.selection, given.matchers, self._since, looked_for)
        newest = {each.target: each for each in self.all_looked}
        self.looked: list[DirectSample] = [newest[target] for target in sorted(newest)]
        self.note: dict[str, Any] = next(
            (
                note.detail
                for note in reversed(recording.notes)
                if note.time >= self._since
                and note.detail.get(LOOK) == self.spec.metric
                and note.detail.get(SELECTOR, looked_for) == looked_for
            ),
            {},
        )
        raw = self.note.get(DECLARED)
        self.declared = Declared.model_validate(raw) if raw is not None else None

    def comparable(self, target: TargetKey) -> list[DirectSample]:
        """Return the looks at a target that can be compared with the scrapes around them."""
        return [each for each in self.all_looked if each.target == target and not each.unusable]

    @cached_property
    def kind(self) -> Kind:
        """The expectation's kind."""
        return kinds()[self.spec.kind]

    @cached_property
    def own_oracle(self) -> OracleRef | None:
        """The oracle of the expectation itself, if it took part in the decision."""
        try:
            named = self.kind.oracles(self.kind.parse(self.spec.argument))
        except ArgumentError:
            return None
        return named[0] if named and self.finding.evidence.get("readings") else None

    @cached_property
    def truth(self) -> OracleTruth | None:
        """What the catalogue's oracle of the metric said around the look; None when it was not read."""
        if not self.note.get("oracle"):
            return None
        oracle, key = str(self.note["oracle"]), str(self.note["key"])
        counter = self.declared is not None and self.declared.type == "counter"
        if counter and (began := self._began_again()):
            return OracleTruth(oracle, unusable=began)
        return truth(
            self.recording,
            self.selection,
            self.spec.where,
            oracle,
            key,
            self._since,
            added_up=counter,
            grows=self.declared is not None and self.declared.grows,
        )

    def _began_again(self) -> str:
        """Return why a counter says less than an oracle that has counted all the while, or ""."""
        first = min((up.times[0] for up in self.selection.targets.values() if up.times), default=0.0)
        for target, up in sorted(self.selection.targets.items()):
            if up.times and up.times[0] > first + _NEW_INTERVALS * self.recording.manifest.interval:
                return f"{target_text(target)} is there since {time_text(up.times[0])} only and counts from 0"
            for series in self.selection.series.get(target, []):
                values = series.values
                if any(after < before for before, after in pairwise(values)):
                    return f"the counter at {target_text(target)} was reset, and counts from 0 since"
        return ""

    @cached_property
    def told_the_truth(self) -> bool:
        """Whether the metric says the same as its own oracle, which the expectation did not ask itself."""
        known = self.truth
        if known is None or known.points is None or known.difference:
            return False
        return self.own_oracle is None or self.own_oracle.name != known.oracle

    @property
    def wants_none(self) -> bool:
        """Whether no series at all is, or can be, as expected."""
        return self.spec.kind == "absent" or (self.spec.kind == "increases_by" and self.spec.argument == 0)

    @cached_property
    def newest(self) -> SeriesState | None:
        """The state at the newest scrapes; None without one that is complete."""
        newest = {target: up.newest for target, up in self.selection.targets.items() if up.newest is not None}
        state = baseline(self.selection, newest)
        return state if state is not None and state.complete else None

    @cached_property
    def came_true(self) -> float | None:
        """When it was seen as expected after the decision, seconds; None if not, or if that cannot be told.

        What compares with the state before the step, or with an oracle, is not judged again.
        """
        state, decided = self.newest, self.finding.evidence.get("scrapes", [])
        since = max((float(each["time"]) for each in decided), default=math.inf)
        if state is None or state.time <= since or self.kind.needs_baseline:
            return None
        try:
            argument = self.kind.parse(self.spec.argument)
            if self.kind.oracles(argument):
                return None
            holds = self.kind.check(argument, state, None, _Later(self.fixed)).holds
        except (ArgumentError, NotComparableError):
            return None
        return state.time if holds else None

    def still(self, now: Values) -> bool:
        """Tell whether the selected series are as they were when the expectation was decided."""
        then = {labels_of(each["labels"]): float(each["value"]) for each in self.finding.actual}
        number = len(then)
        if self.spec.kind != "increases_by":
            # Of very many series a finding has the first.
            number = max(number, int(self.finding.evidence.get("series_selected", 0)))
        return number == len(now) and all(key in now and same(now[key], value) for key, value in then.items())
