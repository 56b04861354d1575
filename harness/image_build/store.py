"""The cache of build results: content-addressed, complete or absent, safe to delete."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import filelock

from harness.base import places
from harness.base.errors import InfrastructureError
from harness.base.progress import Progress
from harness.image_build.artefact import Artefact, Build, CacheEntry, digests_in

_RECORD = "entry.json"
_KEPT_PER_ARTEFACT = 2
_LONGEST_BUILD_SECONDS = 3600.0


class Store:
    """Entries by artefact and key, one folder each: `<root>/<name>/<key>/`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, artefact: Artefact, used: dict[str, CacheEntry]) -> CacheEntry | None:
        """Return the complete entry for this artefact's key, or None."""
        return self._load(self._folder(artefact, artefact.key(used)))

    def get(
        self, artefact: Artefact, used: dict[str, CacheEntry], *, progress: Progress, logs: Path
    ) -> CacheEntry:
        """Return the entry for this artefact's key, building it when it is not there.

        The build goes to a temporary folder that is renamed when it is complete, so that an entry
        which was cut off is never taken for one. Another process that builds the same is waited for.

        Raises:
            InfrastructureError: another process did not finish the same build within an hour.
            PlaceError: the cache is another user's: good to read, and nothing is added to it.
        """
        key = artefact.key(used)
        folder = self._folder(artefact, key)
        if entry := self._load(folder):
            return entry
        places.make_private(self.root.parent)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with self._lock(folder, artefact, progress):
            if entry := self._load(folder):
                return entry
            for rest in [folder, *folder.parent.glob(f"{folder.name}.tmp-*")]:
                shutil.rmtree(rest, ignore_errors=True)
            temporary = folder.with_name(f"{folder.name}.tmp-{os.getpid()}")
            temporary.mkdir()
            try:
                with progress.step(artefact.title, artefact.estimate):
                    artefact.build(Build(temporary, logs / f"images-{artefact.name}.log", used))
                    self._complete(temporary, key)
                temporary.rename(folder)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
        entry = self._load(folder)
        if entry is None:
            raise InfrastructureError(f"the build result {folder} is gone as soon as it was made")
        return entry

    def prune(self, in_use: Iterable[CacheEntry]) -> list[Path]:
        """Remove entries that are neither in use nor among the newest two of their artefact."""
        kept = {entry.folder for entry in in_use}
        removed: list[Path] = []
        for artefact in sorted(self.root.glob("*")):
            records = sorted(artefact.glob(f"*/{_RECORD}"), key=lambda path: path.stat().st_mtime)
            newest = {record.parent for record in records[-_KEPT_PER_ARTEFACT:]}
            for folder in (record.parent for record in records):
                if folder in kept or folder in newest:
                    continue
                lock = filelock.FileLock(self._lock_file(folder))
                with suppress(filelock.Timeout), lock.acquire(timeout=0):
                    # The record first: what is left of a removal that was cut off is no entry.
                    (folder / _RECORD).unlink()
                    shutil.rmtree(folder, ignore_errors=True)
                    removed.append(folder)
        return removed

    def _lock(self, folder: Path, artefact: Artefact, progress: Progress) -> filelock.BaseFileLock:
        lock = filelock.FileLock(self._lock_file(folder))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            progress.say(f"{artefact.title}: another process is at it, waiting for that")
            try:
                lock.acquire(timeout=_LONGEST_BUILD_SECONDS)
            except filelock.Timeout as error:
                raise InfrastructureError(
                    f"{artefact.title}: another process holds {self._lock_file(folder)} for an hour",
                    next_step="end that process, then start again",
                ) from error
        return lock

    def _folder(self, artefact: Artefact, key: str) -> Path:
        return self.root / artefact.name / key[:32]

    @staticmethod
    def _lock_file(folder: Path) -> Path:
        return folder.with_name(folder.name + ".lock")

    @staticmethod
    def _complete(folder: Path, key: str) -> None:
        digests = digests_in(folder)
        sizes = {name: (folder / name).lstat().st_size for name in digests}
        (folder / _RECORD).write_text(json.dumps({"key": key, "digests": digests, "sizes": sizes}))

    @staticmethod
    def _load(folder: Path) -> CacheEntry | None:
        record = folder / _RECORD
        try:
            told = json.loads(record.read_text())
            for name, size in told["sizes"].items():
                if (folder / name).lstat().st_size != size:
                    return None
            entry = CacheEntry(told["key"], folder, told["digests"])
        except (OSError, ValueError, KeyError):
            return None
        # `prune` goes by the time of the last use; a cache that cannot be written is still good to read.
        with suppress(OSError):
            os.utime(record)
        return entry
