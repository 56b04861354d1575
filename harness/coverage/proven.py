"""Which transitions the expectations of a recording prove.

From a recording alone: a series had no sample in the scrape that is the baseline of a step and has one at the
end of the step (it appears), or another value (it changes), or the other way round (it goes). The expectation
that selects it proves that when it passed and would have failed otherwise: it is judged again with this one
series as it was in the baseline (the operator `freeze` of harness/mutation).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from harness.chaos.catalogue.catalogue import Catalogue
from harness.chaos.catalogue.metric import Metric
from harness.coverage.result import Change
from harness.coverage.transition import Transition, changes_of, in_scope
from harness.judge.argument import ArgumentError
from harness.judge.finding import Verdict
from harness.judge.given import Given
from harness.mutation.operators.freeze import frozen
from harness.mutation.subject import Subject, Unsteady
from harness.mutation.table import Column
from harness.recording.model import AnyEntry, Expected, Manifest, Mark, Recording


class Proof(NamedTuple):
    """An expectation that proves a transition.

    Attributes:
        scenario: its name.
        expectation: its id, "<step>.<position>".
        known_issue: it showed exactly its known issue: what happened is told, and wrong.
    """

    scenario: str
    expectation: str
    known_issue: bool


class Judged(NamedTuple):
    """An expectation of a recording that passed, or showed its known issue, and that counts here.

    Attributes:
        recording: what was observed until its step ended.
        subject: it, to be judged again.
        metric: what it is about.
        proof: it, as a proof.
    """

    recording: Recording
    subject: Subject
    metric: Metric
    proof: Proof


def judged(entries: Iterable[AnyEntry], manifest: Manifest, known: Catalogue) -> Iterator[Judged]:
    """Yield the expectations of one recording that can prove something, each while its step ends.

    Raises:
        Inconsistent: an entry does not fit those before it.
    """
    if manifest.control:
        return
    recording = Recording(manifest)
    for entry in entries:
        recording.add(entry)
        if isinstance(entry, Mark) and entry.name == "ended":
            for expected in recording.expected_of(entry.step):
                if found := _judged(recording, expected, entry, known):
                    yield found


def _judged(recording: Recording, expected: Expected, ended: Mark, known: Catalogue) -> Judged | None:
    given = Given.of(recording, expected)
    metric = known.find(given.spec.metric)
    if metric is None or not in_scope(metric) or given.spec.level == "should":
        # An expression is about no series of a metric.
        return None
    try:
        subject = Subject(given, ended)
    except (Unsteady, ArgumentError):
        return None
    if not subject.mutable:
        return None
    known_issue = subject.verdict is Verdict.KNOWN_ISSUE
    proof = Proof(recording.manifest.scenario, expected.id, known_issue)
    return Judged(recording, subject, metric, proof)


def proven(
    entries: Iterable[AnyEntry], manifest: Manifest, known: Catalogue
) -> Iterator[tuple[Transition, Proof]]:
    """Yield what the expectations of one recording prove.

    Raises:
        Inconsistent: an entry does not fit those before it.
    """
    for each in judged(entries, manifest, known):
        for transition in transitions(each):
            yield transition, each.proof


def transitions(of: Judged) -> Iterator[Transition]:
    """Yield the transitions that an expectation proves."""
    subject, metric = of.subject, of.metric
    columns = subject.table.columns
    for index, column in enumerate(columns):
        change = change_of(subject, column)
        if change is Change.APPEARS and Change.APPEARS not in changes_of(metric):
            # What counts began at 0.
            change = Change.CHANGES
        if change not in changes_of(metric):
            continue
        still = [*columns[:index], frozen(subject, column), *columns[index + 1 :]]
        if subject.judge(subject.table.with_columns(still)) is Verdict.FAIL:
            for label, value in labels_counted(metric, column):
                yield Transition(metric.name, label, value, change)


def change_of(subject: Subject, column: Column) -> Change | None:
    """Return what happened to a series between the baseline and the end of the step; None for nothing."""
    base = subject.base.get(column.target)
    later = subject.later(column.target)
    if base is None or not later:
        return None
    before, after = column.samples.get(base), column.samples.get(later[-1])
    if before is None:
        return None if after is None else Change.APPEARS
    if after is None:
        return Change.GOES
    return Change.CHANGES if before != after else None


def labels_counted(metric: Metric, column: Column) -> list[tuple[str, str]]:
    """Return a series' labels of which all values are known; ("", "") for a metric without such a label."""
    closed = [label for label in metric.labels if label in metric.values]
    if not closed:
        return [("", "")]
    return [
        (label, column.labels.get(label, ""))
        for label in closed
        if column.labels.get(label, "") in metric.values[label]
    ]
