"""Writes files; the only place that does, so that whatever goes wrong names the file."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from harness.base.errors import HarnessError, InfrastructureError, UsageError

PUBLIC = 0o666
"""The mode of what others may read, as far as the umask lets them."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the operating system says when there is no room left."""

_PART = re.compile(r"\..+\.(\d+)\.part")
_LONGEST_WRITE_SECONDS = 60.0


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Have an OSError that is raised in the block name the file: a write that fails names none."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def cannot_write(error: OSError, elsewhere: str) -> HarnessError:
    """Return the error for a file of the user's choice that cannot be written.

    Args:
        error: it names the file.
        elsewhere: the next step where it is no matter of room.
    """
    problem = f"cannot write {error.filename}: {error.strerror or error}"
    if error.errno in FULL:
        return InfrastructureError(problem, next_step="free some disk space, then try again")
    return UsageError(problem, next_step=elsewhere)


@contextlib.contextmanager
def replaced(path: Path, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Yield what takes the content of a file, which is then there whole or not at all; see `write_whole`."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with named(path):
        scratch.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                yield file
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise


def write_whole(path: Path, content: str | bytes, *, mode: int = 0o600) -> Path:
    """Write a file whole or not at all, in place of what is there; return its path.

    Args:
        path: of the file; its folder is made.
        content: what to write; text as UTF-8.
        mode: who may read and write it, as far as the umask lets them; by default nobody but this user.

    Raises:
        OSError: it cannot be written; it names the file. What was there is as it was, and nothing is left
            behind.
    """
    with replaced(path, mode=mode) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path


def append(path: Path, content: str) -> None:
    """Add to the end of a file, which is made when it is not there, with its folder.

    Raises:
        OSError: it cannot be written; it names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with named(path), path.open("a", encoding="utf-8") as file:
        file.write(content)


def remove_parts(folder: Path) -> None:
    """Remove what killed processes had not written to the end; what may still be written stays."""
    for path in folder.glob(".*.part"):
        found = _PART.fullmatch(path.name)
        if found is None or Path("/proc", found[1]).exists():
            continue
        with contextlib.suppress(FileNotFoundError):
            # A process of another container, which writes here too, cannot be seen.
            if time.time() - path.stat().st_mtime > _LONGEST_WRITE_SECONDS:
                path.unlink()
