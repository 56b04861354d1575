"""Reads a recording back, entry by entry; a cut-off end is reported, never silently accepted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from harness.base.bounded import (
    MIB,
    DamagedFileError,
    FileError,
    MissingFileError,
    TruncatedFileError,
    read_json,
    size_text,
    unpacked,
)
from harness.base.errors import UsageError
from harness.recording.model import (
    FORMAT,
    AnyEntry,
    Expected,
    InconsistentRecordingError,
    Manifest,
    Mark,
    Recording,
    SeriesDefinition,
)
from harness.recording.writer import ENTRIES, MANIFEST

MOST_BYTES = 512 * MIB
"""Decompressed entries of one recording; those of real scenarios have a few MiB."""
_MOST_LINE_BYTES = 16 * MIB
_MOST_ENTRIES = 50_000
"""The longest real scenario has 1,400; three hours of four components at a scrape a second have as many."""
_MOST_EXPECTED = 5_000
"""Of one scenario; that with the most has 60."""
_DEFINITION = b'{"type":"series",'
_ENTRY: TypeAdapter[AnyEntry] = TypeAdapter(AnyEntry)


class RecordingError(UsageError):
    """A folder does not hold a recording that this version can read."""


@dataclass(frozen=True)
class Truncated:
    """The recording has no proper end: the run was killed, or the disk was full.

    Attributes:
        entries: how many whole entries there are.
        lost: bytes (decompressed) of an unfinished line that were dropped.
    """

    entries: int
    lost: int

    def __str__(self) -> str:
        """Return the note for a person."""
        return f"the recording was cut off after {self.entries} entries"


class RecordingReader:
    """A recording on disk.

    Attributes:
        manifest: what the recording was made of.
        line: the number of the last entry that `entries` has given.
        size: bytes of the entries so far, decompressed.
        truncated: set once `entries` has come to the end of a recording that was cut off.

    Raises:
        RecordingError: no manifest or entries, or a manifest that cannot be read.
    """

    def __init__(self, folder: Path, *, most: int = MOST_BYTES, inside: Path | None = None) -> None:
        """Read the manifest.

        Args:
            folder: of the recording.
            most: bytes of its entries, decompressed.
            inside: the folder that no link may lead out of; the recording's own by default.
        """
        self.folder = folder
        self.line = self.size = 0
        self.truncated: Truncated | None = None
        self._inside = inside or folder
        self._most = most
        self.manifest = self._manifest()
        self._path = folder / ENTRIES
        if not self._path.exists():
            raise RecordingError(
                f"{folder} holds no recording: {ENTRIES} is missing", next_step="name a scenario's own folder"
            )

    def entries(self) -> Iterator[AnyEntry]:
        """Yield the entries in the order in which they were recorded.

        Raises:
            RecordingError: a damaged line (with its number), damaged compression.
        """
        expected = 0
        marks: set[tuple[int, str]] = set()
        for line in self.lines():
            if self.line > _MOST_ENTRIES:
                raise self.damaged_line(f"a recording has at most {_MOST_ENTRIES} entries")
            entry = self._entry(line)
            expected += isinstance(entry, Expected)
            if expected > _MOST_EXPECTED:
                raise self.damaged_line(f"a recording has at most {_MOST_EXPECTED} expectations")
            if isinstance(entry, Mark):
                # Each is made once; verdicts are worked out anew for each.
                if (entry.step, entry.name) in marks:
                    raise self.damaged_line(f"step {entry.step} has a second mark `{entry.name}`")
                marks.add((entry.step, entry.name))
            yield entry

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the entries as they were written; otherwise like `entries`."""
        self.truncated = None
        self.line = self.size = 0
        rest: list[bytes] = []
        length = 0
        pieces = unpacked(self._path, most=self._most, inside=self._inside)
        while (piece := self._next(pieces)) is not None:
            self.size += len(piece)
            first, *more = piece.split(b"\n")
            rest.append(first)
            length += len(first)
            if length > _MOST_LINE_BYTES:
                raise self._damaged(f"the next one is longer than {size_text(_MOST_LINE_BYTES)}")
            for part in more:
                self.line += 1
                yield b"".join(rest)
                rest, length = [part], len(part)
        if self.truncated is not None:
            self.truncated = Truncated(self.line, length)
        elif length:
            raise self._damaged("the last line has no end")

    def _next(self, pieces: Iterator[bytes]) -> bytes | None:
        """Return the next piece of the entries; None after the last one."""
        try:
            return next(pieces, None)
        except TruncatedFileError:
            self.truncated = Truncated(self.line, 0)
            return None
        except DamagedFileError as error:
            raise self._damaged(f"it {error.reason}") from error
        except FileError as error:
            raise RecordingError(str(error)) from error

    def _manifest(self) -> Manifest:
        path = self.folder / MANIFEST
        try:
            raw = read_json(path, inside=self._inside)
        except MissingFileError as error:
            raise RecordingError(
                f"{self.folder} holds no recording: {MANIFEST} is missing",
                next_step="name a scenario's own folder",
            ) from error
        except FileError as error:
            raise RecordingError(str(error)) from error
        found = raw.get("format") if isinstance(raw, dict) else None
        # Looked at first: another format's manifest may differ in anything else.
        if found != FORMAT:
            raise RecordingError(
                f"{path} has format {found!r}; this version reads format {FORMAT}",
                next_step="replay it with the version of the harness that recorded it",
            )
        try:
            return Manifest.model_validate(raw)
        except ValidationError as error:
            raise RecordingError(f"cannot read {path}: {_first(error)}") from error

    def damaged_line(self, what: str) -> RecordingError:
        """Return the error that says what is wrong with the last line."""
        return RecordingError(f"{self._path}, line {self.line}, is damaged: {what}")

    def _entry(self, line: bytes) -> AnyEntry:
        try:
            return _ENTRY.validate_json(line)
        except ValidationError as error:
            raise self.damaged_line(_first(error)) from error

    def _damaged(self, what: str) -> RecordingError:
        return RecordingError(f"{self._path} is damaged after line {self.line}: {what}")


def definitions(folder: Path, *, inside: Path | None = None) -> Iterator[dict[str, str]]:
    """Yield the label sets of all series of a recording, without reading their samples.

    Args:
        folder: of the recording.
        inside: see RecordingReader.

    Raises:
        RecordingError: it cannot be read.
    """
    reader = RecordingReader(folder, inside=inside)
    for line in reader.lines():
        # A line's type is what it begins with (`Entry`); nothing else is parsed.
        if line.startswith(_DEFINITION):
            try:
                yield SeriesDefinition.model_validate_json(line).labels
            except ValidationError as error:
                raise reader.damaged_line(_first(error)) from error


def read(
    folder: Path, *, most: int = MOST_BYTES, inside: Path | None = None
) -> tuple[Recording, Truncated | None]:
    """Return a whole recording, and a note when it was cut off.

    Args:
        folder: of the recording.
        most: bytes of its entries, decompressed.
        inside: see RecordingReader.

    Raises:
        RecordingError: it cannot be read, or an entry does not fit those before it.
    """
    return whole(RecordingReader(folder, most=most, inside=inside))


def whole(reader: RecordingReader) -> tuple[Recording, Truncated | None]:
    """Return the recording of a reader; see `read`."""
    recording = Recording(reader.manifest)
    for entry in reader.entries():
        try:
            recording.add(entry)
        except InconsistentRecordingError as error:
            raise reader.damaged_line(str(error)) from error
    return recording, reader.truncated


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
