"""Reads a recording back, entry by entry; a cut-off end is reported, never silently accepted."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.base.errors import UsageError
from harness.recording.model import FORMAT, AnyEntry, Inconsistent, Manifest, Recording, SeriesDefinition
from harness.recording.writer import ENTRIES, MANIFEST

_CHUNK = 1 << 16
_GZIP_FRAMING = 31
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
        truncated: set once `entries` has come to the end of a recording that was cut off.

    Raises:
        RecordingError: no manifest or entries, or a manifest that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.line = 0
        self.truncated: Truncated | None = None
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
        for line in self.lines():
            yield self._entry(line)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the entries as they were written; otherwise like `entries`."""
        self.truncated = None
        self.line = 0
        rest = b""
        unpack = zlib.decompressobj(_GZIP_FRAMING)
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if unpack.eof:
                    raise self._damaged("there is data after the end of the recording")
                try:
                    rest += unpack.decompress(chunk)
                except zlib.error as error:
                    raise self._damaged(str(error)) from error
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    self.line += 1
                    yield line
        if unpack.unused_data:
            raise self._damaged("there is data after the end of the recording")
        if not unpack.eof:
            self.truncated = Truncated(self.line, len(rest))
        elif rest:
            raise self._damaged("the last line has no end")

    def _manifest(self) -> Manifest:
        path = self.folder / MANIFEST
        try:
            raw: Any = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise RecordingError(
                f"{self.folder} holds no recording: {MANIFEST} is missing",
                next_step="name a scenario's own folder",
            ) from error
        except (OSError, ValueError) as error:
            raise RecordingError(f"cannot read {path}: {error}") from error
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


def definitions(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the label sets of all series of a recording, without reading their samples.

    Raises:
        RecordingError: it cannot be read.
    """
    for line in RecordingReader(folder).lines():
        # A line's type is what it begins with (`Entry`); nothing else is parsed.
        if line.startswith(_DEFINITION):
            yield SeriesDefinition.model_validate_json(line).labels


def read(folder: Path) -> tuple[Recording, Truncated | None]:
    """Return a whole recording, and a note when it was cut off.

    Raises:
        RecordingError: it cannot be read, or an entry does not fit those before it.
    """
    reader = RecordingReader(folder)
    recording = Recording(reader.manifest)
    for entry in reader.entries():
        try:
            recording.add(entry)
        except Inconsistent as error:
            raise reader.damaged_line(str(error)) from error
    return recording, reader.truncated


def _first(error: ValidationError) -> str:
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
