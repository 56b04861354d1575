"""One run at a time on a cluster: a lock on disk, and a Lease in the cluster as soon as it answers.

The lock on disk is the kernel's, and ends with its process: nobody with the same state folder has to wait for
anything. The Lease keeps out those who have another one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from harness.base import places
from harness.base.errors import UsageError
from harness.base.files import named
from harness.kubernetes.client import Cluster
from harness.kubernetes.guard import Guard
from harness.stack import lease
from harness.stack.lease import Holder
from harness.stack.state import StateFolder

__all__ = ["Held", "Holder", "InUseError", "held", "holder"]

_FILE = "run.lock"


class InUseError(UsageError):
    """Another process works with the cluster."""


class Held:
    """A cluster that is held on disk; `claim` holds it in the cluster, too."""

    def __init__(self, cluster: str, me: Holder, context: str = "") -> None:
        self._cluster = cluster
        self._context = context
        self._me = me
        self._lease: lease.Lease | None = None

    def claim(self, kubeconfig: Path, context: str | None = None, *, guard: Guard | None = None) -> None:
        """Take the cluster's Lease and have it renewed until the end; nothing when that is so already.

        Raises:
            InUseError: another process holds it, with another state folder.
            ApiError: the API server did not answer.
            UsageError: the kubeconfig cannot be read.
        """
        if self._lease is not None and self._lease.holds():
            return
        self.let_go()
        cluster = Cluster.connect(kubeconfig, context, guard=guard)
        self._lease = lease.take(cluster, self._me, self._in_use)

    @property
    def identity(self) -> str:
        """By which the Lease is held."""
        return self._me.identity

    def holds(self) -> bool:
        """Say whether the Lease is held, and still renewed."""
        return self._lease is not None and self._lease.holds()

    def _in_use(self, other: Holder, ends: datetime | None) -> InUseError:
        return in_use(self._cluster, other, ends, context=self._context)

    def drop(self) -> None:
        """End renewing, as the cluster goes with its Lease, which nobody else gets before."""
        if self._lease is not None:
            self._lease.drop()
        self._lease = None

    def let_go(self) -> None:
        """Release the Lease."""
        mine, self._lease = self._lease, None
        if mine is not None and not mine.release():
            sys.stderr.write(
                f"chaos-harness: the Lease of the cluster {self._cluster} became another's meanwhile: "
                "its API server did not answer for too long, and another run may have been at work\n"
            )


@contextlib.contextmanager
def held(cluster: str, doing: str, *, context: str = "") -> Iterator[Held]:
    """Hold the cluster while the block runs.

    Args:
        cluster: the kind cluster's name.
        doing: what for, told to whoever comes second: "run".
        context: of a cluster of others, for messages: `cluster` is only where its state is kept then.

    Raises:
        InUseError: another process holds it; names its process id and since when.
        PlaceError: the state folder cannot be used.
    """
    state = StateFolder(cluster)
    state.prepare()
    path = state.folder / _FILE
    # Without a buffer: what a full disk did not take would be written again when it is closed.
    with path.open("a+b", buffering=0) as file:
        if not _lock(file, fcntl.LOCK_EX):
            raise in_use(cluster, _read(path), context=context)
        me = Holder.this(doing, places.state_dir())
        with named(path):
            file.truncate(0)
            file.write(me.model_dump_json().encode())
        mine = Held(cluster, me, context)
        try:
            yield mine
        finally:
            mine.let_go()


def holder(cluster: str) -> Holder | None:
    """Return who holds the cluster on disk; None when nobody does, whatever the file says."""
    path = StateFolder(cluster).folder / _FILE
    try:
        with path.open() as file:
            return None if _lock(file, fcntl.LOCK_SH) else _read(path)
    except FileNotFoundError:
        return None


def in_use(
    cluster: str, who: Holder | None, ends: datetime | None = None, *, context: str = ""
) -> InUseError:
    """Return the error for a cluster that another process holds; its Lease runs out at `ends`."""
    by, wait = "a process", ""
    if who is not None:
        by = f"process {who.pid} ({who.doing}) since {who.started:%Y-%m-%d %H:%M:%S} UTC"
        if who.host and (who.state != str(places.state_dir()) or who.lives() is None):
            by += f", on {who.host} with the state folder {who.state}"
        if who.place and who.lives() is False:
            wait = "; it has ended, and what it left may still be cleaning up"
    if ends is not None:
        wait += f"; its Lease runs out at {ends:%H:%M:%S} UTC unless it is renewed"
    return InUseError(
        f"the cluster {f'of the context {context}' if context else cluster} is in use by {by}{wait}",
        next_step="wait for it to end, or use another cluster "
        f"({'--context NAME' if context else '--cluster NAME'})",
    )


def _lock(file: IO[Any], kind: int) -> bool:
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
