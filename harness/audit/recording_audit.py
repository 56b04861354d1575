"""Audits one recording, which is read once: what becomes of its mutants, and what it proves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from harness.audit.coverage.proven import judged_of
from harness.audit.coverage.score import RecordingProofs
from harness.audit.mutation.candidates import candidates
from harness.audit.mutation.mutate import begun, mutate_candidate
from harness.chaosmesh.catalogue import catalogue
from harness.recording.model import InconsistentRecordingError
from harness.recording.reader import RecordingReader
from harness.results.mutation import RecordingScore


class RecordingAudit(NamedTuple):
    """What the audit of one recording came to.

    Attributes:
        mutation: without the waivers.
        proofs: what it proves.
    """

    mutation: RecordingScore
    proofs: RecordingProofs


def audit(folder: Path) -> RecordingAudit:
    """Audit the recording in a folder.

    Raises:
        RecordingError: it cannot be read.
    """
    reader, known = RecordingReader(folder), catalogue()
    found = RecordingAudit(begun(reader.manifest), RecordingProofs(reader.manifest))
    try:
        for candidate in candidates(reader.entries(), reader.manifest):
            found.mutation.expectations.append(mutate_candidate(candidate))
            if judged := judged_of(candidate, known):
                found.proofs.add(judged)
    except InconsistentRecordingError as error:
        raise reader.damaged_line(str(error)) from error
    if reader.truncated:
        found.mutation.note = str(reader.truncated)
    return found
