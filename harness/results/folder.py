"""The folder of a run's report: marked as a run's own, used by one run at a time, emptied of what runs write.

The mark is a file that the run has locked for as long as it lives, processes of its scenarios included. The
lock is the kernel's, so it ends with them, and holds across clusters and state folders.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.base import bundled, defects
from harness.base.bounded import FileError, read_json, read_start
from harness.base.errors import InfrastructureError, UsageError
from harness.base.files import FULL, named
from harness.base.words import count
from harness.results.contract import EXPOSITIONS
from harness.results.journal import JOURNAL
from harness.results.results import RECORDINGS, RESULTS

MARKER = ".chaos-harness-run"
INDEX = "index.html"
SUMMARY = "summary.md"
DIAGNOSTICS = "diagnostics"
FIRST_ATTEMPTS = "first-attempts"
"""Recordings and diagnostics of scenarios that were run again; see harness/runner/attempts.py."""
WRITTEN = (
    *(RESULTS, JOURNAL, INDEX, SUMMARY, RECORDINGS, DIAGNOSTICS, FIRST_ATTEMPTS, EXPOSITIONS),
    defects.FOLDER,
)
"""All that runs write into the folder of a report, beside the mark."""

_OTHER = "choose another folder with --report"
_MOST_NAMED = 3
_HEAD_BYTES = 4096
# As every version has written it: the fields of the file, and of the run, in the order of the models.
_RESULTS_HEAD = re.compile(rb'\s*\{\s*"schema_version":\s*\d+,\s*"run":\s*\{\s*"id":\s*"[0-9a-f]{1,40}"')


class FolderMark(BaseModel):
    """What the mark says: which run made the folder. Only information; the lock says whether it lives.

    Attributes:
        run: its id.
        pid: of the run's process.
        started: when it took the folder.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    pid: int
    started: datetime


class ReportFolder:
    """The folder of one run."""

    def __init__(self, path: Path, beside: Iterable[Path] = ()) -> None:
        """Name it; nothing is read or written.

        Args:
            path: of the folder.
            beside: files in it that are nobody's else, as the JUnit XML that pytest was asked for.
        """
        whole = Path(os.path.abspath(path))  # noqa: PTH100  (resolve would follow a link, which is refused)
        self.path = whole.parent.resolve() / whole.name
        self._beside = {Path(os.path.abspath(each)) for each in beside}  # noqa: PTH100
        self._held: IO[str] | None = None

    def check(self) -> None:
        """Make sure that the folder may be used; nothing is written.

        Raises:
            UsageError: it is no folder, somebody else's, or too dear to be emptied.
        """
        try:
            mode = self.path.lstat().st_mode
        except FileNotFoundError:
            mode = None
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        if why := _too_dear(self.path):
            raise self._refused(why)
        if mode is not None:
            if stat.S_ISLNK(mode):
                raise self._refused("it is a link", "name the folder itself, or another one, with --report")
            if not stat.S_ISDIR(mode):
                raise self._refused("it is no folder")
            self._check_content()
        existing = next(each for each in (self.path, *self.path.parents) if each.exists())
        if not os.access(existing, os.W_OK | os.X_OK):
            raise self._refused(f"{existing} cannot be written")

    def _check_content(self) -> None:
        try:
            names = sorted(each.name for each in self.path.iterdir())
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from error
        if marked(self.path):
            for name in {*WRITTEN, MARKER} & {*names}:
                if (self.path / name).is_symlink():
                    raise self._refused(
                        f"{name} in it is a link, and runs make none", f"remove it, or {_OTHER}"
                    )
            return
        foreign = [name for name in names if self.path / name not in self._beside]
        if foreign and not made_by_run(self.path):
            named = ", ".join(foreign[:_MOST_NAMED])
            more = f" and {count(len(foreign) - _MOST_NAMED, 'other')}" if len(foreign) > _MOST_NAMED else ""
            raise self._refused(
                f"it is not empty, and no run made it: {named}{more}",
                f"{_OTHER}, or remove what is in this one",
            )

    def take(self, run: str) -> None:
        """Mark the folder as this run's, and keep others out; what an earlier run wrote stays.

        Args:
            run: the run's id.

        Raises:
            UsageError: as `check`; or another run uses it.
            InfrastructureError: the disk is full.
        """
        self.check()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            held = os.fdopen(os.open(self.path / MARKER, flags, 0o644), "r+")
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                held.close()
                raise self._in_use() from None
            self._held = held
            with named(self.path / MARKER):
                held.truncate(0)
                mark = FolderMark(run=run, pid=os.getpid(), started=datetime.now(UTC))
                held.write(mark.model_dump_json() + "\n")
                held.flush()
        except OSError as error:
            self.let_go()
            raise self._cannot(error) from error

    def empty(self) -> None:
        """Remove what an earlier run wrote.

        Raises:
            UsageError: it cannot be removed.
            InfrastructureError: the disk is full.
        """
        try:
            for path in (*(self.path / name for name in WRITTEN), *self.path.glob(".*.part")):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise self._cannot(error) from error

    def _cannot(self, error: OSError) -> UsageError | InfrastructureError:
        said = error.strerror or str(error)
        if error.errno not in FULL:
            return self._refused(said)
        if error.filename:
            said = f"{said}: {os.fsdecode(error.filename)}"
        told = f"cannot use {self.path} as the report folder: {said}"
        return InfrastructureError(told, next_step=f"free some disk space, or {_OTHER}")

    def let_go(self) -> None:
        """Let others use the folder."""
        if self._held is not None:
            held, self._held = self._held, None
            # Writing what is left in its buffer may fail, on a full disk.
            with contextlib.suppress(OSError):
                held.close()

    def _in_use(self) -> UsageError:
        return UsageError(
            f"the report folder {self.path} is in use by {_named(self.path)}",
            next_step=f"wait for it to end, or {_OTHER}",
        )

    def _refused(self, why: str, next_step: str = _OTHER) -> UsageError:
        return UsageError(f"cannot use {self.path} as the report folder: {why}", next_step=next_step)


def refuse_in_use(folder: Path, doing: str) -> None:
    """Make sure that no run writes into a folder of a report.

    Raises:
        UsageError: one does; it is named.
    """
    if in_use(folder):
        raise UsageError(
            f"cannot {doing}: the report folder {folder} is in use by {_named(folder)}",
            next_step="wait for it to end",
        )


def in_use(folder: Path) -> bool:
    """Say whether a run that lives writes into a folder."""
    try:
        with os.fdopen(
            os.open(folder / MARKER, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        ) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def marked(folder: Path) -> bool:
    """Say whether a run has marked a folder as its own."""
    return _is_file(folder / MARKER)


def made_by_run(folder: Path) -> bool:
    """Say whether a run has written into a folder: it is marked, or has results as earlier releases wrote."""
    if marked(folder):
        return True
    if not _is_file(folder / RESULTS):
        return False
    try:
        return _RESULTS_HEAD.match(read_start(folder / RESULTS, _HEAD_BYTES)) is not None
    except FileError:
        return False


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _named(folder: Path) -> str:
    try:
        mark = FolderMark.model_validate(read_json(folder / MARKER, most=_HEAD_BYTES))
    except (FileError, ValidationError):
        return "another run"
    since = f"since {mark.started:%Y-%m-%d %H:%M:%S} UTC"
    if not _lives(mark.pid):
        return f"scenarios of the run {mark.run}, which was killed, that still clean up ({since})"
    return f"the run {mark.run} (process {mark.pid}) {since}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _too_dear(path: Path) -> str | None:
    """Return what a folder is that no run may empty, whatever is in it."""
    if path == Path(path.anchor):
        return "it is the root of the file system"
    checkout = bundled.root().resolve()
    if checkout.is_relative_to(path):
        return "it is the harness itself" if path == checkout else f"it holds the harness ({checkout})"
    with contextlib.suppress(RuntimeError):
        home = Path.home().resolve()
        if home.is_relative_to(path):
            return "it is a home folder" if path == home else f"it holds a home folder ({home})"
    return None
