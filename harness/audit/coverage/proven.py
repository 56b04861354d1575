"""Which transitions the expectations of a recording prove.

From a recording alone: a series had no sample in the scrape that is the baseline of a step and has one at the
end of the step (it appears), or another value (it changes), or the other way round (it goes). The expectation
that selects it proves that when it passed and would have failed otherwise: it is judged again with this one
series as it was in the baseline (the operator `freeze` of harness/audit/mutation).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from harness.audit.coverage.transition import Transition, changes_of, in_scope
from harness.audit.mutation.candidates import Candidate, candidates
from harness.audit.mutation.operators.freeze import frozen
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.table import Column
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.chaosmesh.catalogue.metric import Metric
from harness.judge.finding import Verdict
from harness.recording.model import AnyEntry, Manifest, Recording
from harness.results.coverage import SeriesChange


class TransitionProof(NamedTuple):
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
    subject: MutationSubject
    metric: Metric
    proof: TransitionProof


def judged(entries: Iterable[AnyEntry], manifest: Manifest, known: Catalogue) -> Iterator[Judged]:
    """Yield the expectations of one recording that can prove something, each while its step ends.

    Raises:
        InconsistentRecordingError: an entry does not fit those before it.
    """
    for candidate in candidates(entries, manifest):
        if found := judged_of(candidate, known):
            yield found


def judged_of(candidate: Candidate, known: Catalogue) -> Judged | None:
    """Return an expectation that can prove something; None of any other."""
    subject, spec = candidate.subject, candidate.given.spec
    metric = known.find(spec.metric)
    if metric is None or not in_scope(metric) or spec.level == "should":
        # An expression is about no series of a metric.
        return None
    if subject is None or not subject.mutable:
        return None
    known_issue = subject.verdict is Verdict.KNOWN_ISSUE
    proof = TransitionProof(candidate.recording.manifest.scenario, candidate.expected.id, known_issue)
    return Judged(candidate.recording, subject, metric, proof)


def proven(
    entries: Iterable[AnyEntry], manifest: Manifest, known: Catalogue
) -> Iterator[tuple[Transition, TransitionProof]]:
    """Yield what the expectations of one recording prove.

    Raises:
        InconsistentRecordingError: an entry does not fit those before it.
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
        if change is SeriesChange.APPEARS and SeriesChange.APPEARS not in changes_of(metric):
            # What counts began at 0.
            change = SeriesChange.CHANGES
        if change not in changes_of(metric):
            continue
        still = [*columns[:index], frozen(subject, column), *columns[index + 1 :]]
        if subject.judge(subject.table.with_columns(still)) is Verdict.FAIL:
            for label, value in labels_counted(metric, column):
                yield Transition(metric.name, label, value, change)


def change_of(subject: MutationSubject, column: Column) -> SeriesChange | None:
    """Return what happened to a series between the baseline and the end of the step; None for nothing."""
    base = subject.base.get(column.target)
    later = subject.later(column.target)
    if base is None or not later:
        return None
    before, after = column.samples.get(base), column.samples.get(later[-1])
    if before is None:
        return None if after is None else SeriesChange.APPEARS
    if after is None:
        return SeriesChange.GOES
    return SeriesChange.CHANGES if before != after else None


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
