"""Fetches the report of a shard through the API server, streamed and bounded, and unpacks it."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from harness.base import working_time
from harness.base.errors import InfrastructureError
from harness.base.files import FULL, replaced
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import UnreachableError
from harness.kubernetes.namespaces import HARNESS_NAMESPACE
from harness.kubernetes.proxy import proxy_path
from harness.stack.in_cluster.job import PORT
from harness.stack.in_cluster.pod import ARCHIVE, DONE

MOST_PACKED = 2 << 30
MOST_UNPACKED = 8 << 30
MOST_FILES = 100_000
_SECONDS = 600.0
_SILENT_SECONDS = 30.0
_DONE_SECONDS = 10.0
_BLOCK = 1 << 20


class ReportError(InfrastructureError):
    """A shard's report cannot be used: cut short, too large, or no report."""


def fetch(cluster: Cluster, pod: str, secret: str, folder: Path) -> None:
    """Fetch the report of a shard that is ready into a folder, and let its pod end.

    Raises:
        UnreachableError: it did not come, or not in time.
        ReportError: it is too large, or no report.
        OSError: it cannot be written.
    """
    packed = folder.with_name(f"{folder.name}.tar.gz")
    try:
        download(cluster, pod, f"/{secret}/{ARCHIVE}", packed)
        unpack(packed, folder)
    finally:
        packed.unlink(missing_ok=True)
    with cluster.session() as session:
        try:
            cluster.proxy_send(
                session,
                "pods",
                HARNESS_NAMESPACE,
                pod,
                PORT,
                f"/{secret}/{DONE}",
                method="POST",
                timeout=_DONE_SECONDS,
            )
        except UnreachableError:
            # It is deleted with its Job.
            return


def download(cluster: Cluster, pod: str, path: str, out: Path, *, most: int = MOST_PACKED) -> None:
    """Write what a pod answers into a file, as it comes.

    Raises:
        UnreachableError: no answer, another one than 200, or one that was cut short.
        ReportError: it is larger than `most` bytes.
    """
    from requests import RequestException

    doing = f"fetch the report of the pod {pod}"
    url = cluster.server + proxy_path("pods", HARNESS_NAMESPACE, pod, PORT, path)
    deadline = working_time.now() + _SECONDS
    try:
        with (
            cluster.session() as session,
            session.get(url, stream=True, timeout=_SILENT_SECONDS, allow_redirects=False) as answer,
            replaced(out) as file,
        ):
            if answer.status_code != 200:
                raise UnreachableError(f"cannot {doing}: status {answer.status_code}")
            written = 0
            for block in answer.iter_content(_BLOCK):
                written += len(block)
                if written > most:
                    raise ReportError(f"cannot {doing}: it has more than {most} bytes")
                if working_time.now() > deadline:
                    raise UnreachableError(f"cannot {doing}: it did not end within {_SECONDS:.0f} s")
                file.write(block)
            wanted = answer.headers.get("Content-Length")
            if wanted is not None and written != int(wanted):
                raise UnreachableError(f"cannot {doing}: {written} of {wanted} bytes came")
    except RequestException as error:
        raise UnreachableError(f"cannot {doing}: {type(error).__name__}", details=[str(error)]) from error


def unpack(packed: Path, folder: Path, *, most: int = MOST_UNPACKED) -> None:
    """Unpack the files of a report below a folder; nothing but plain files, and none outside of it.

    Raises:
        ReportError: it is no archive, has something else in it, or is larger than `most` bytes.
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left, files = most, 0
    try:
        with tarfile.open(packed, "r:gz") as archive:
            for member in archive:
                left, files = left - member.size, files + 1
                if left < 0 or files > MOST_FILES:
                    raise ReportError(f"the report {folder.name} is too large to be unpacked")
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or not _is_below(member.name):
                    raise ReportError(f"the report {folder.name} holds what no report has: {member.name!r}")
                _write(content, folder / member.name)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and (error.errno in FULL or error.filename is not None):
            raise
        raise ReportError(f"the report {folder.name} was cut short: {error}") from error


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and name not in ("", ".")


def _write(content: IO[bytes], path: Path) -> None:
    with replaced(path, mode=0o644) as file:
        shutil.copyfileobj(content, file, _BLOCK)
