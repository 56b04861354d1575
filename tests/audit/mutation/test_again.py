"""What mutants share must change no verdict: each is judged once more by itself, from nothing."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from harness.audit.mutation.operator import operators
from harness.audit.mutation.subject import MutationSubject, UnsteadyRecordingError
from harness.judge.finding import Finding
from harness.judge.given import Given
from harness.judge.judge import judge
from harness.recording.model import Mark, Recording
from harness.recording.reader import RecordingReader

RECORDINGS = Path(__file__).parents[2] / "recordings"
EACH = 5
"""Of so many mutants of an operator one is judged again: each expectation has some of each operator."""


def _subjects(folder: Path):
    reader = RecordingReader(folder)
    recording = Recording(reader.manifest)
    for entry in reader.entries():
        recording.add(entry)
        if isinstance(entry, Mark) and entry.name == "ended":
            for expected in recording.expected_of(entry.step):
                try:
                    subject = MutationSubject(Given.of(recording, expected), entry)
                except UnsteadyRecordingError:
                    continue
                if subject.mutable:
                    yield subject


@pytest.mark.parametrize("name", ["no-target", "pod-kill", "stress-cpu", "stress-cpu-and-memory"])
def test_a_mutant_is_judged_as_if_it_were_the_only_one(name):
    compared = 0
    for subject in _subjects(RECORDINGS / name):
        for operator in operators().values():
            for mutant in [*operator.mutants(subject)][::EACH]:
                recording = subject.recording_of(mutant.table)
                alone = judge(recording, subject.expected, math.inf, final=True)
                assert isinstance(alone, Finding)
                assert subject.judge(mutant.table) is alone.verdict, mutant
                compared += 1
    assert compared > 20


def test_the_original_is_judged_as_it_was_live():
    for subject in _subjects(RECORDINGS / "pod-kill"):
        assert subject.judge(subject.table) is subject.verdict
