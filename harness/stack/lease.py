"""The lock in the cluster: a Lease, which all see, whatever their state folder, host or container."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import ConflictError
from harness.kubernetes.kinds import kind_of
from harness.kubernetes.namespaces import HARNESS_NAMESPACE
from harness.stack import renewer

NAME = "chaos-harness"
NAMESPACE = HARNESS_NAMESPACE
HOLDER = "chaos-harness/holder"

DURATION_SECONDS = 60
"""A Lease that was not renewed for so long is nobody's; scenarios stop the API server for 20 s and more."""
RENEW_SECONDS = 5
_SILENT_SECONDS = 4 * RENEW_SECONDS
"""Then nothing renews it any more: of a process that is gone, its scenarios have ended too."""
_REQUEST_SECONDS = 5.0
_END_SECONDS = 7.0
_TRIES = 5


class Holder(BaseModel):
    """Who holds a cluster.

    Attributes:
        pid: the process.
        started: since when it holds it.
        doing: what for: `run 1a2b3c4d`.
        host: its name.
        state: its state folder.
        place: where `pid` is a process of that number: the machine as it is booted, and its pid namespace.
        born: when the process began, in the kernel's ticks: another process may get its number.
    """

    model_config = ConfigDict(frozen=True)

    pid: int
    started: datetime
    doing: str
    host: str = ""
    state: str = ""
    place: str = ""
    born: int = 0

    @classmethod
    def this(cls, doing: str, state: Path) -> Holder:
        """Return what is told of this process."""
        pid = os.getpid()
        return cls(
            pid=pid,
            started=datetime.now(UTC),
            doing=doing,
            host=socket.gethostname(),
            state=str(state),
            place=_place(),
            born=_born(pid) or 0,
        )

    @property
    def identity(self) -> str:
        """The Lease's holderIdentity."""
        return f"{self.host}/{self.pid}/{self.started.timestamp():.6f}"

    def lives(self) -> bool | None:
        """Return whether the process is there; None when it cannot be seen from here."""
        if self.place != _place():
            return None
        return _born(self.pid) == self.born


@dataclass(frozen=True)
class Order:
    """What the renewer is told; see harness/stack/renewer.py."""

    server: str
    path: str
    ca_file: str | None
    cert_file: str | None
    key_file: str | None
    authorization: str | None
    verify: bool
    identity: str
    annotation: str
    version: str
    every: float


class Lease:
    """A Lease that is ours, and the process that renews it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def holds(self) -> bool:
        """Return whether it is still renewed."""
        return self._process.poll() is None

    def release(self) -> bool:
        """Let go of it, bounded; return whether it was ours to the end.

        An API server that does not answer is no error: the Lease runs out by itself.
        """
        pipe = self._process.stdin
        assert pipe is not None
        with contextlib.suppress(OSError):
            pipe.write(b"release\n")
            pipe.close()
        try:
            return self._process.wait(_END_SECONDS) != renewer.LOST
        except subprocess.TimeoutExpired:
            self.drop()
            return True

    def drop(self) -> None:
        """End the process that renews it, and leave the Lease as it is."""
        self._process.kill()
        self._process.wait()


def take(cluster: Cluster, me: Holder, refuse: Callable[[Holder, datetime | None], Exception]) -> Lease:
    """Take the Lease of a cluster, and have it renewed.

    One that is another's is taken over when it ran out, or when nothing of its holder is left on this host.

    Args:
        cluster: where.
        me: who takes it.
        refuse: makes the error for one that is another's, of its holder and of when it runs out.

    Raises:
        Exception: what `refuse` returns.
        ApiError: the API server did not answer, or refused.
    """
    for _ in range(_TRIES):
        found = cluster.get("Lease", NAME, NAMESPACE, timeout=_REQUEST_SECONDS)
        other = holder_of(found)
        if other is not None and other != me and _held(found, other):
            if other.lives() is not False:
                raise refuse(other, expiry(found))
            # Its process is gone: either nothing renews it any more, or its scenarios still clean up.
            time.sleep(RENEW_SECONDS)
            continue
        try:
            return _renewed(cluster, me, _write(cluster, me, found))
        except ConflictError:
            # Another one was faster by a moment.
            continue
    raise refuse(other or me, None)


def holder(cluster: Cluster) -> Holder | None:
    """Return who holds a cluster; None when nobody does.

    Raises:
        ApiError: the API server did not answer.
    """
    found = cluster.get("Lease", NAME, NAMESPACE, timeout=_REQUEST_SECONDS)
    told = holder_of(found)
    return told if told is not None and _held(found, told) else None


def holder_of(lease: Object | None) -> Holder | None:
    """Return who is written down as the holder of a Lease, whether he still is or not."""
    if lease is None or not lease["spec"].get("holderIdentity"):
        return None
    told = (lease["metadata"].get("annotations") or {}).get(HOLDER, "")
    try:
        return Holder.model_validate_json(told)
    except ValidationError:
        # Not written by us: its identity is all that is known.
        return Holder(pid=0, started=_renewed_at(lease), doing=str(lease["spec"]["holderIdentity"]))


def expiry(lease: Object | None) -> datetime | None:
    """Return when a Lease runs out, unless it is renewed until then; None without one."""
    if lease is None:
        return None
    return _renewed_at(lease) + timedelta(
        seconds=lease["spec"].get("leaseDurationSeconds") or DURATION_SECONDS
    )


def _held(lease: Object | None, other: Holder) -> bool:
    """Return whether a Lease counts: while its process lives, else until nothing has renewed it for long."""
    assert lease is not None
    lives = other.lives()
    if lives:
        return True
    # A clock that runs behind must not make it count for ever.
    age = abs((datetime.now(UTC) - _renewed_at(lease)).total_seconds())
    known = lease["spec"].get("leaseDurationSeconds") or DURATION_SECONDS
    return age <= (_SILENT_SECONDS if lives is False else known)


def _renewed_at(lease: Object) -> datetime:
    try:
        return datetime.fromisoformat(str(lease["spec"].get("renewTime")))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _write(cluster: Cluster, me: Holder, found: Object | None) -> Object:
    time_ = renewer.now()
    body: Object = {
        "apiVersion": kind_of("Lease").api_version,
        "kind": "Lease",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "annotations": {HOLDER: me.model_dump_json()}},
        "spec": {
            "holderIdentity": me.identity,
            "leaseDurationSeconds": DURATION_SECONDS,
            "acquireTime": time_,
            "renewTime": time_,
        },
    }
    if found is not None:
        body["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
        return cluster.patch("Lease", NAME, NAMESPACE, body, timeout=_REQUEST_SECONDS)
    if cluster.get("Namespace", NAMESPACE, timeout=_REQUEST_SECONDS) is None:
        with contextlib.suppress(ConflictError):
            cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    return cluster.create(body, timeout=_REQUEST_SECONDS)


def _renewed(cluster: Cluster, me: Holder, written: Object) -> Lease:
    known = cluster.credentials()
    order = Order(
        server=cluster.server,
        path=kind_of("Lease").path(NAMESPACE, NAME),
        ca_file=known.ca_file,
        cert_file=known.cert_file,
        key_file=known.key_file,
        authorization=known.authorization,
        verify=known.verify,
        identity=me.identity,
        annotation=HOLDER,
        version=written["metadata"]["resourceVersion"],
        every=RENEW_SECONDS,
    )
    # A session of its own: Ctrl-C is for the run, which releases the Lease in the end.
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(renewer.__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
    process.stdin.flush()
    return Lease(process)


def _place() -> str:
    """Return what two processes have in common that see each other under the same numbers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _born(pid: int) -> int | None:
    """Return when a process began, in ticks since the boot; None when it is not there, or only a zombie."""
    try:
        # The name, in parentheses, may hold anything.
        fields: list[Any] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])
