"""What the layers look at: one failed expectation on a metric, with all that was recorded about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.judge.argument import ArgumentError, OracleRef
from harness.judge.finding import Finding
from harness.judge.kind import Kind, kinds
from harness.judge.layers.exposed import Looked, Values, looks, same
from harness.judge.layers.truth import Truth, truth
from harness.judge.matching import Matchers
from harness.judge.sweep import Selection
from harness.recording.model import Expected, Recording, labels_of
from harness.recording.notes import LOOK
from harness.scenario.model import Expectation


@dataclass(frozen=True)
class Said:
    """What a layer says: that the failure lies in it (or that none can be told), and why."""

    layer: str | None
    told: list[str]


class Scene:
    """One failed expectation on a metric.

    Attributes:
        recording: what was observed until the step ended.
        finding: what the judge said.
        spec: the expectation.
        selection: the series that it selects.
        looked: the looks at its targets in this step.
        note: the detail of the note that goes with them; see recording/notes.py.
    """

    def __init__(self, recording: Recording, expected: Expected, finding: Finding) -> None:
        self.recording = recording
        self.finding = finding
        self.spec = Expectation.model_validate(expected.spec)
        matchers = Matchers(self.spec.where)
        self.selection = Selection(recording, self.spec.metric, matchers, expected.jobs)
        started = recording.mark(expected.step, "started")
        self._since = started.time if started else -math.inf
        self.looked: list[Looked] = looks(recording, self.selection, matchers, self._since)
        self.note: dict[str, Any] = next(
            (
                note.detail
                for note in reversed(recording.notes)
                if note.time >= self._since and note.detail.get(LOOK) == self.spec.metric
            ),
            {},
        )

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
    def truth(self) -> Truth | None:
        """What the catalogue's oracle of the metric said around the look; None when it was not read."""
        if not self.note.get("oracle"):
            return None
        oracle, key = str(self.note["oracle"]), str(self.note["key"])
        return truth(self.recording, self.selection, self.spec.where, oracle, key, self._since)

    def still(self, now: Values) -> bool:
        """Tell whether the selected series are as they were when the expectation was decided."""
        then = {labels_of(each["labels"]): float(each["value"]) for each in self.finding.actual}
        number = len(then)
        if self.spec.kind != "increases_by":
            # Of very many series a finding has the first.
            number = max(number, int(self.finding.evidence.get("series_selected", 0)))
        return number == len(now) and all(key in now and same(now[key], value) for key, value in then.items())
