"""`chaos-harness replay`: judges finished recordings again, without a cluster, and compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import FailFast, TypeAdapter, ValidationError

from harness.base.bounded import MIB, FileError, MissingFileError, read_bytes
from harness.base.errors import ExitCode, UsageError
from harness.base.words import nth_expectation
from harness.judge.finding import Finding
from harness.judge.replay import replay
from harness.judge.wording import subject
from harness.recording.model import InconsistentRecordingError
from harness.recording.reader import RecordingError, RecordingReader
from harness.recording.writer import FINDINGS, MANIFEST

_MOST_FINDINGS_BYTES = 16 * MIB
# Without the first error of each of millions of entries.
_FINDINGS: TypeAdapter[list[Finding]] = TypeAdapter(Annotated[list[Finding], FailFast()])


@dataclass
class Replayed:
    """One recording, judged again.

    Attributes:
        folder: where it is.
        findings: of the replay.
        differing: a line for each finding of the live run that came out otherwise now.
        note: that the recording was cut off, if it was.
    """

    folder: Path
    findings: list[Finding]
    differing: list[str] = field(default_factory=list)
    note: str | None = None


def replay_folder(folder: Path) -> Replayed:
    """Judge one recording again and compare with what the live run found, byte for byte.

    What the live run did not decide, because the infrastructure broke, is not compared.

    Raises:
        RecordingError: it cannot be read, or the live run's findings are missing.
    """
    reader = RecordingReader(folder)
    try:
        done = Replayed(folder, replay(reader.entries(), reader.manifest))
    except InconsistentRecordingError as error:
        raise reader.damaged_line(str(error)) from error
    done.note = str(reader.truncated) if reader.truncated else None
    now = {finding.id: finding for finding in done.findings}
    for live in _live_findings(folder):
        again = now.get(live.id)
        if again is None:
            done.differing.append(
                f"{nth_expectation(live.id)}, {subject(live)}: {live.verdict.words} live, "
                "not there in the replay"
            )
        elif again.model_dump_json() != live.model_dump_json():
            done.differing.append(
                f"{nth_expectation(live.id)}, {subject(live)}: {live.verdict.words} live ({live.reason}), "
                f"{again.verdict.words} in the replay ({again.reason})"
            )
    return done


def recordings_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders of all recordings at or below the paths.

    Raises:
        UsageError: a path has none.
    """
    for path in paths:
        found = sorted(manifest.parent for manifest in path.rglob(MANIFEST)) if path.is_dir() else []
        if not found:
            raise UsageError(
                f"{path} holds no recording",
                next_step="name a recording's folder, or one with recordings in it",
            )
        yield from found


def run(paths: Iterable[Path]) -> tuple[list[str], ExitCode]:
    """Replay recordings; return the lines to print, a sum last, and the exit code.

    Raises:
        UsageError: no recording, or one that cannot be read.
    """
    lines: list[str] = []
    recordings = findings = differing = 0
    for folder in recordings_in(paths):
        done = replay_folder(folder)
        recordings += 1
        findings += len(done.findings)
        differing += len(done.differing)
        verdict = "the same" if not done.differing else f"{len(done.differing)} differ"
        lines.append(f"{folder.name}: {len(done.findings)} findings, {verdict}")
        lines += [f"  note: {done.note}"] if done.note else []
        lines += [f"  {line}" for line in done.differing]
    lines.append(f"{recordings} recordings, {findings} findings, {differing} differ")
    return lines, ExitCode.FAILED if differing else ExitCode.OK


def _live_findings(folder: Path) -> list[Finding]:
    path = folder / FINDINGS
    try:
        return _FINDINGS.validate_json(read_bytes(path, most=_MOST_FINDINGS_BYTES, inside=folder))
    except MissingFileError as error:
        raise RecordingError(
            f"{path} is missing", next_step="the run was killed before it could write it: record it again"
        ) from error
    except FileError as error:
        raise RecordingError(str(error)) from error
    except ValidationError as error:
        raise RecordingError(f"cannot read {path}: {error.errors()[0]['msg']}") from error
