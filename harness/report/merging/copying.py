"""Copies what a run wrote into the report of another."""

from __future__ import annotations

import os
from pathlib import Path

from harness.base.bounded import MIB, read_bytes
from harness.base.errors import UsageError
from harness.base.files import PUBLIC, write_whole

_MOST_BYTES = 512 * MIB
"""Of one file: the largest recordings have some tens of MiB."""


def copy_tree(source: Path, target: Path, prefix: str = "") -> None:
    """Copy a folder of a report; nothing when it is not there.

    Args:
        source: the folder.
        target: where its files go; what is there stays.
        prefix: of files in it whose names are taken.

    Raises:
        UsageError: something in it is neither a file nor a folder, as a link.
        OSError: a file cannot be written; it names the file.
    """
    if not os.path.lexists(source):
        return
    if source.is_symlink() or not source.is_dir():
        raise _refused(source)
    for each in sorted(source.iterdir()):
        if each.is_symlink() or not (each.is_dir() or each.is_file()):
            raise _refused(each)
        if each.is_dir():
            copy_tree(each, target / each.name, prefix)
            continue
        path = target / each.name
        copy_file(each, path if not path.exists() else target / f"{prefix}{each.name}")


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all.

    Raises:
        UsageError: it cannot be read.
        OSError: it cannot be written; it names the file.
    """
    write_whole(target, read_bytes(source, most=_MOST_BYTES), mode=PUBLIC)


def _refused(path: Path) -> UsageError:
    return UsageError(
        f"{path} is no plain file or folder, and runs make nothing else",
        next_step="name the folder of the report as the run left it",
    )
