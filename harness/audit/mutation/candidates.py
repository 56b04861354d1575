"""The expectations of a recording, each with what was observed until its step ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from harness.audit.mutation.subject import MutationSubject, UnsteadyRecordingError
from harness.judge.argument import ArgumentError
from harness.judge.given import Given
from harness.recording.model import AnyEntry, Expected, Manifest, Mark, Recording


class Candidate(NamedTuple):
    """An expectation at the end of its step.

    Attributes:
        recording: what was observed until then, and nothing after it; it grows with the next candidate.
        expected: the expectation.
        given: it, typed.
        ended: the step's mark.
        subject: it, to be judged again; None when that cannot be.
        problem: why not.
    """

    recording: Recording
    expected: Expected
    given: Given
    ended: Mark
    subject: MutationSubject | None
    problem: str = ""


def candidates(entries: Iterable[AnyEntry], manifest: Manifest) -> Iterator[Candidate]:
    """Yield the expectations of one recording in the order of their steps; of a control run there are none.

    Raises:
        InconsistentRecordingError: an entry does not fit those before it.
    """
    if manifest.control:
        return
    recording = Recording(manifest)
    for entry in entries:
        recording.add(entry)
        if isinstance(entry, Mark) and entry.name == "ended":
            for expected in recording.expected_of(entry.step):
                given = Given.of(recording, expected)
                try:
                    yield Candidate(recording, expected, given, entry, MutationSubject(given, entry))
                except (UnsteadyRecordingError, ArgumentError) as error:
                    yield Candidate(recording, expected, given, entry, None, str(error))
