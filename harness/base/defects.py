"""Makes an error of our own of any exception: a full disk is one, all that nobody foresaw is a defect."""

from __future__ import annotations

import errno
import os
import re
import traceback
from pathlib import Path

from harness.base.errors import DefectError, HarnessError, InfrastructureError, UsageError
from harness.base.files import PUBLIC, write_whole
from harness.base.redaction import redact
from harness.base.words import printable

FOLDER = "defects"
"""Of a report: a traceback a file."""

_MOST_TEXT = 300
"""Characters of an exception's own words that are shown."""
_LONGEST_NAME = 200
"""Characters of a file's name; file systems take 255."""
_TAIL = 12
"""Lines of a traceback that are shown when it cannot be written."""
_NO_TEMPORARY_FOLDER = "No usable temporary directory"
_MACHINE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EIO: "the disk does not work",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.ENOMEM: "there is no memory left",
}
"""What a machine lacks, whoever asks for it."""
_NO_PATH = {
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its links lead nowhere",
    errno.ENOTDIR: "a part of it is no folder",
}
"""What is wrong with a path that somebody named."""


def as_error(error: BaseException, doing: str, folder: Path, name: str = "defect") -> HarnessError:
    """Return an exception as an error that a person can act on.

    Args:
        error: whatever was raised; one of ours is returned as it is.
        doing: what was being done: "run stress-cpu".
        folder: where the traceback of a defect is written.
        name: of that file, without its suffix.
    """
    if isinstance(error, HarnessError):
        return error
    return _lack(error, doing) or _defect(error, doing, folder, name)


def _lack(  # noqa: PLR0911  (one for each kind)
    error: BaseException, doing: str
) -> HarnessError | None:
    """Return what the machine lacks or does not allow, when that is all that went wrong."""
    if isinstance(error, MemoryError):
        return _of_machine("there is no memory left", doing)
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):
        # As pathlib says it, until Python 3.13.
        return UsageError(f"cannot {doing}: {error}", next_step="name another file or folder")
    if not isinstance(error, OSError):
        return None
    where = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    if error.errno in _MACHINE:
        return _of_machine(f"{_MACHINE[error.errno]}{where}", doing)
    if error.errno in _NO_PATH and where:
        return UsageError(
            f"cannot {doing}: {_NO_PATH[error.errno]}{where}", next_step="name another file or folder"
        )
    if isinstance(error, PermissionError) and where:
        return UsageError(
            f"cannot {doing}: permission denied{where}",
            next_step="run it as the owner of that, or name another place",
        )
    if _NO_TEMPORARY_FOLDER in str(error):
        return _of_machine("no temporary folder can be written (TMPDIR, /tmp): the disk is full", doing)
    return None


def _of_machine(what: str, doing: str) -> InfrastructureError:
    return InfrastructureError(f"cannot {doing}: {what}", next_step="free some of it, then run again")


def _defect(error: BaseException, doing: str, folder: Path, name: str) -> DefectError:
    said = " ".join(printable(redact(str(error))).split())
    if len(said) > _MOST_TEXT:
        said = f"{said[:_MOST_TEXT]}..."
    kind = type(error).__name__
    found = DefectError(
        f"a defect of the harness: cannot {doing}: {kind}{f': {said}' if said else ''}",
        next_step="report it with the traceback; nothing is known about Chaos Mesh",
    )
    lines = traceback.format_exception(error)
    # Of a process that was forked: where it was there.
    lines += [note for note in getattr(error, "__notes__", []) if isinstance(note, str)]
    text = redact("".join(lines))
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)[:_LONGEST_NAME]}.txt"
    try:
        found.log = write_whole(path, text.encode(errors="replace"), mode=PUBLIC)
    except OSError:
        found.details = text.rstrip().splitlines()[-_TAIL:]
    return found
