"""Files that are written whole or not at all, for their user's eyes only."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

_PART = re.compile(r"\..+\.(\d+)\.part")
_LONGEST_WRITE_SECONDS = 60.0


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that nobody else can read, whole or not at all.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    scratch.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


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
