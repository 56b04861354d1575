"""A series that should not be there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.audit.mutation.operator import Mutant, Operator, text_of
from harness.audit.mutation.operators.swap_label import OTHER
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column
from harness.judge.matching import Where, fixed_labels, label_test
from harness.prometheus.matcher import Matcher
from harness.recording.labels import TARGET_LABELS
from harness.recording.series import TargetKey


class ExtraSeries(Operator):
    """One more series with the value 1, which the expectation selects.

    It differs from a series that is there in a label that `where` leaves open, or else has a label more.
    """

    name = "extra-series"
    summary = "one more series that is selected comes in the step, with the value 1"

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield the table with one more series."""
        for labels, target in self._candidates(subject):
            there = [each.labels for each in subject.table.columns]
            if labels in there or not subject.selects(labels):
                continue
            column = Column(labels, target, dict.fromkeys(subject.later(target), 1.0))
            table = subject.table
            yield self.mutant(text_of(column), table.with_columns([*table.columns, column]))
            return

    def _candidates(self, subject: MutationSubject) -> Iterator[tuple[dict[str, str], TargetKey]]:
        for column in subject.table.columns:
            own = sorted(column.labels.keys() - set(TARGET_LABELS) - set(subject.where))
            for label in own:
                yield {**column.labels, label: OTHER}, column.target
            yield {**column.labels, OTHER: OTHER}, column.target
        for target in subject.targets():
            if subject.spec.promql is not None:
                yield {OTHER: OTHER}, target
                continue
            labels = fixed_labels(subject.where) | _matching(subject.where) | subject.target_labels(target)
            yield {**labels, OTHER: OTHER}, target


def _matching(where: Where) -> dict[str, str]:
    """Return texts that regular expressions match, as far as one is easily found."""
    found: dict[str, str] = {}
    for label, wanted in where.items():
        if isinstance(wanted, Matcher) and wanted.matches is not None:
            plain = wanted.matches.split("|")[0]
            guesses = [re.sub(r"\.[*+?]", filler, plain).replace("\\", "") for filler in ("", "x")]
            fitting = [guess for guess in guesses if label_test(wanted)(guess)]
            found |= dict.fromkeys([label] if fitting else [], fitting[-1] if fitting else "")
    return found


OPERATORS = [ExtraSeries]
