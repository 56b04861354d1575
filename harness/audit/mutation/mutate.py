"""Judges the expectations of recordings again with every mutant of their samples."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from functools import partial
from pathlib import Path

from harness.audit.mutation.operator import Mutant, Operator, operators
from harness.audit.mutation.rule import rule_for, rules
from harness.audit.mutation.subject import MutationSubject, UnsteadyRecordingError
from harness.audit.mutation.waiver import SurvivorOf, SurvivorWaiver, load
from harness.base.errors import InfrastructureError
from harness.base.waiver import first, holding
from harness.judge.argument import ArgumentError
from harness.judge.finding import Finding, Verdict
from harness.judge.given import Given
from harness.judge.judge import judge
from harness.recording.model import (
    AnyEntry,
    Expected,
    InconsistentRecordingError,
    Manifest,
    Mark,
    Recording,
)
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
    # Forked, so that operators and rules that a test has put in place are there, too.
    fork, others = multiprocessing.get_context("fork"), multiprocessing.active_children()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=fork, initializer=_endable) as pool:
        scores = pool.map(partial(_of_folder, held), folders)
        workers = [each for each in multiprocessing.active_children() if each not in others]
        try:
            recordings = list(scores)
        except BrokenProcessPool as error:
            raise InfrastructureError(
                "a process that mutates recordings was ended by something else",
                next_step="look for what ended it, such as the kernel for want of memory (dmesg), then "
                "`chaos-harness mutate REPORT/recordings`",
            ) from error
        except BaseException:
            # Else leaving the pool waits for all that they have begun.
            for worker in workers:
                worker.kill()
            raise
    return sum_up(recordings, {name: rule.reason for name, rule in rules().items()})


def _endable() -> None:
    """Let signals end a worker at once: one that unwinds may keep a lock that the others wait for."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _of_folder(held: list[SurvivorWaiver], folder: Path) -> RecordingScore:
    reader = RecordingReader(folder)
    try:
        found = mutate(reader.entries(), reader.manifest, held)
    except InconsistentRecordingError as error:
        raise reader.damaged_line(str(error)) from error
    if reader.truncated:
        found.note = str(reader.truncated)
    return found


def mutate(entries: Iterable[AnyEntry], manifest: Manifest, waivers: list[SurvivorWaiver]) -> RecordingScore:
    """Return the score of one recording: of each step with what was recorded until its `ended` mark.

    Raises:
        InconsistentRecordingError: an entry does not fit those before it.
    """
    score = RecordingScore(scenario=manifest.scenario)
    if manifest.control:
        score.note = "a control run, in which nothing has to hold: not mutated"
        return score
    recording = Recording(manifest)
    for entry in entries:
        recording.add(entry)
        if isinstance(entry, Mark) and entry.name == "ended":
            for expected in recording.expected_of(entry.step):
                score.expectations.append(mutate_expectation(recording, expected, entry, waivers))
    return score


def mutate_expectation(
    recording: Recording, expected: Expected, ended: Mark, waivers: list[SurvivorWaiver]
) -> ExpectationScore:
    """Return what becomes of one expectation's mutants.

    Args:
        recording: what was observed until the step ended, and nothing after it.
        expected: the expectation.
        ended: the step's mark.
        waivers: those that hold.
    """
    given = Given.of(recording, expected)
    score = ExpectationScore(id=expected.id, subject=given.spec.subject, kind=given.spec.kind, verdict="")
    try:
        subject = MutationSubject(given, ended)
    except (UnsteadyRecordingError, ArgumentError) as error:
        found = judge(recording, expected, ended.time, final=True)
        score.verdict = found.verdict.value if isinstance(found, Finding) else "pending"
        score.problem = str(error)
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
    for survivor in score.survived:
        scenario = recording.manifest.scenario
        waiver = first(waivers, SurvivorOf(scenario, score.id, score.subject, survivor.operator))
        if waiver is not None:
            survivor.waived, survivor.until = waiver.reason, waiver.day
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
