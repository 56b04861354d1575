"""Writes a recording as it happens: a manifest beside compressed JSON lines."""

from __future__ import annotations

import contextlib
import gzip
import threading
import zlib
from pathlib import Path
from types import TracebackType

from harness.base.errors import InfrastructureError
from harness.base.files import PUBLIC, named, write_whole
from harness.recording.model import AnyEntry, Manifest

MANIFEST = "manifest.json"
ENTRIES = "entries.jsonl.gz"
FINDINGS = "findings.json"
"""What the live run found, for `chaos-harness replay` to compare with."""


class RecordingWriter:
    """Writes the entries of one scenario into a folder of its own.

    Every entry is flushed through the compressor to the file, so that a run that is killed leaves
    a readable prefix. Entries may come from several threads.

    Raises:
        InfrastructureError: a file cannot be written (the disk is full, for example); so do
            `write` and `close`.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._broken: InfrastructureError | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._write_manifest(manifest)
            self._file = (folder / ENTRIES).open("wb")
        except OSError as error:
            raise self._failure(error) from error
        # No name and no time in the header: the same entries give the same bytes.
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._file, mtime=0)

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest again, whole: the steps of a script are known one after the other."""
        try:
            self._write_manifest(manifest)
        except OSError as error:
            raise self._failure(error) from error

    def _write_manifest(self, manifest: Manifest) -> None:
        text = manifest.model_dump_json(indent=2) + "\n"
        write_whole(self.folder / MANIFEST, text, mode=PUBLIC)

    def write(self, entry: AnyEntry) -> None:
        """Append one entry."""
        line = entry.model_dump_json() + "\n"
        with self._lock:
            if self._broken:
                raise self._broken
            try:
                with named(self.folder / ENTRIES):
                    self._gzip.write(line.encode())
                    self._gzip.flush(zlib.Z_SYNC_FLUSH)
                    self._file.flush()
            except OSError as error:
                self._broken = self._failure(error)
                raise self._broken from error

    def close(self) -> None:
        """Finish the file; what was written before stays readable when this fails."""
        with self._lock:
            try:
                if not self._broken and not self._file.closed:
                    with named(self.folder / ENTRIES):
                        self._gzip.close()
                        self._file.flush()
            except OSError as error:
                self._broken = self._failure(error)
                raise self._broken from error
            finally:
                with contextlib.suppress(OSError):
                    self._file.close()

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        # What went wrong first is what a person has to see.
        with contextlib.suppress(InfrastructureError):
            self.close()

    def _failure(self, error: OSError) -> InfrastructureError:
        return InfrastructureError(
            f"cannot write the recording {error.filename or self.folder}: {error.strerror or error}",
            next_step="free disk space or choose another folder for the report, then run again",
        )
