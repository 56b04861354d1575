"""Judges the expectations of recordings again with every mutant of their samples."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from harness.audit.mutation.candidates import Candidate, candidates
from harness.audit.mutation.operator import Mutant, Operator, operators
from harness.audit.mutation.rule import rule_for, rules
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.waiver import SurvivorOf, SurvivorWaiver, load
from harness.audit.side_by_side import of_each
from harness.base.waiver import first, holding
from harness.judge.finding import Finding, Verdict
from harness.judge.judge import judge
from harness.recording.model import AnyEntry, InconsistentRecordingError, Manifest
from harness.recording.reader import RecordingReader
from harness.results.mutation import ANY, ExpectationScore, MutationScore, RecordingScore, Survivor, sum_up


def mutate_folders(
    folders: Iterable[Path], today: date, waivers: list[SurvivorWaiver] | None = None
) -> MutationScore:
    """Return the score of the recordings in some folders, which are worked on by all processors.

    Args:
        folders: of one recording each.
        today: which waivers hold.
        waivers: in place of those that ship with the harness.

    Raises:
        UsageError: a recording or a waiver cannot be read.
        InfrastructureError: a process was ended by something else.
    """
    held = holding(load(), today) if waivers is None else waivers
    return score_of(of_each(_of_folder, [*folders]), held)


def score_of(recordings: list[RecordingScore], waivers: list[SurvivorWaiver]) -> MutationScore:
    """Return the sums of recordings, with the waivers that hold for their survivors."""
    for recording in recordings:
        _waive(recording, waivers)
    return sum_up(recordings, {name: rule.reason for name, rule in rules().items()})


def _waive(recording: RecordingScore, waivers: list[SurvivorWaiver]) -> None:
    for score in recording.expectations:
        for survivor in score.survived:
            of = SurvivorOf(recording.scenario, score.id, score.subject, survivor.operator)
            if (waiver := first(waivers, of)) is not None:
                survivor.waived, survivor.until = waiver.reason, waiver.day


def _of_folder(folder: Path) -> RecordingScore:
    reader = RecordingReader(folder)
    try:
        found = mutate(reader.entries(), reader.manifest)
    except InconsistentRecordingError as error:
        raise reader.damaged_line(str(error)) from error
    if reader.truncated:
        found.note = str(reader.truncated)
    return found


def begun(manifest: Manifest) -> RecordingScore:
    """Return the score of a recording of which nothing is mutated yet."""
    score = RecordingScore(scenario=manifest.scenario)
    if manifest.control:
        score.note = "a control run, in which nothing has to hold: not mutated"
    return score


def mutate(entries: Iterable[AnyEntry], manifest: Manifest) -> RecordingScore:
    """Return the score of one recording: of each step with what was recorded until its `ended` mark.

    Raises:
        InconsistentRecordingError: an entry does not fit those before it.
    """
    score = begun(manifest)
    score.expectations += [mutate_candidate(each) for each in candidates(entries, manifest)]
    return score


def mutate_candidate(candidate: Candidate) -> ExpectationScore:
    """Return what becomes of the mutants of one expectation."""
    expected, spec, subject = candidate.expected, candidate.given.spec, candidate.subject
    score = ExpectationScore(id=expected.id, subject=spec.subject, kind=spec.kind, verdict="")
    if subject is None:
        found = judge(candidate.recording, expected, candidate.ended.time, final=True)
        score.verdict = found.verdict.value if isinstance(found, Finding) else "pending"
        score.problem = candidate.problem
        return score
    score.verdict = subject.verdict.value
    if not subject.mutable:
        score.not_judged = "it neither passed nor showed its known issue"
        return score
    for operator in operators().values():
        for mutant in operator.mutants(subject):
            _try(subject, operator, mutant, score)
    if not score.killed:
        score.survived.append(Survivor(operator=ANY, detail="no operator kills it: it cannot fail"))
    return score


def _try(subject: MutationSubject, operator: Operator, mutant: Mutant, score: ExpectationScore) -> None:
    """Judge one mutant, unless it is no other than the original, and count it."""
    said = subject.verdict if mutant.table.same(subject.table) else subject.judge(mutant.table)
    if said is operator.killed_as or (said is Verdict.ERROR and subject.about_scrapes):
        score.killed[operator.name] = score.killed.get(operator.name, 0) + 1
        return
    if said is not subject.verdict:
        detail = f"{mutant.detail}: {said.value}, which is no verdict on that"
        score.survived.append(Survivor(operator=operator.name, detail=detail))
    elif rule := rule_for(subject, mutant):
        score.equivalent[rule] = score.equivalent.get(rule, 0) + 1
    else:
        score.survived.append(Survivor(operator=operator.name, detail=mutant.detail))
