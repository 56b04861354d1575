"""One run at a time on a cluster."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.base.errors import UsageError
from harness.stack.state import State

_FILE = "run.lock"


class Holder(BaseModel):
    """Who holds a cluster. Only information: the lock itself is the kernel's, and ends with its process."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: datetime
    doing: str


@contextlib.contextmanager
def held(cluster: str, doing: str) -> Iterator[None]:
    """Hold the cluster while the block runs.

    Args:
        cluster: the kind cluster's name.
        doing: what for, told to whoever comes second: "run".

    Raises:
        UsageError: another process holds it; names its process id and since when.
    """
    state = State(cluster)
    state.prepare()
    path = state.folder / _FILE
    with path.open("a+") as file:
        if not _lock(file, fcntl.LOCK_EX):
            who = _read(path)
            by = (
                f"process {who.pid} ({who.doing}) since {who.started:%Y-%m-%d %H:%M:%S} UTC"
                if who
                else "a process"
            )
            raise UsageError(
                f"the cluster {cluster} is in use by {by}",
                next_step="wait for it to end, or use another cluster (--cluster NAME)",
            )
        holder = Holder(pid=os.getpid(), started=datetime.now(UTC), doing=doing)
        file.truncate(0)
        file.write(holder.model_dump_json())
        file.flush()
        yield


def holder(cluster: str) -> Holder | None:
    """Return who holds the cluster; None when nobody does, whatever the file says."""
    path = State(cluster).folder / _FILE
    try:
        with path.open() as file:
            return None if _lock(file, fcntl.LOCK_SH) else _read(path)
    except FileNotFoundError:
        return None


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> Holder | None:
    try:
        return Holder.model_validate(json.loads(path.read_text()))
    except (OSError, ValueError, ValidationError):
        return None
