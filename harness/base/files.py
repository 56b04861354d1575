"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

PUBLIC = 0o666
"""The mode of what others may read, as far as the umask lets them."""

_PART = re.compile(r"\..+\.(\d+)\.part")
_LONGEST_WRITE_SECONDS = 60.0


def write_whole(path: Path, content: str | bytes, *, mode: int = 0o600) -> Path:
    """Write a file whole or not at all, in place of what is there; return its path.

    Args:
        path: of the file; its folder is made.
        content: what to write; text as UTF-8.
        mode: who may read and write it, as far as the umask lets them; by default nobody but this user.

    Raises:
        OSError: it cannot be written; what was there is as it was, and nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    scratch.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return path


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
