"""The first process of a pod that is a shard: runs it, and hands out its report until it was fetched.

    python -m harness.stack.in_cluster.pod

It ends the run by a signal, as Ctrl-C does, when the pod is to be deleted, and when nobody holds the
cluster's Lease for the run any more: whoever started it is gone then, and another run may begin.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

import yaml

from harness.base import bundled
from harness.base.errors import ExitCode, HarnessError
from harness.base.files import cannot_write, replaced, write_whole
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import ApiError
from harness.stack import lease
from harness.stack.in_cluster import joined
from harness.stack.in_cluster.job import FIRST, PORT, TOKENS, WORK
from harness.stack.in_cluster.joined import CONTEXT, JoinedRun

ARCHIVE = "report.tar.gz"
DONE = "done"

_FETCH_SECONDS = 900.0
_FETCH_AT_END_SECONDS = 60.0
"""When the pod is to end: whoever wants the report waits for it then."""
_LOOK_SECONDS = 5.0
_REQUEST_SECONDS = 5.0


class PodShard:
    """One shard, in its pod.

    Attributes:
        joined: the run.
        number: of the shard, from 1.
        work: the folder that it may write to.
    """

    def __init__(self, run: JoinedRun, number: int, work: Path) -> None:
        self.joined = run
        self.number = number
        self.work = work

    @property
    def report(self) -> Path:
        """The folder of its report."""
        return self.work / "report"

    @property
    def kubeconfig(self) -> Path:
        """Of the pod's account."""
        return self.work / "kubeconfig"

    def words(self) -> list[str]:
        """Return the command line of its run."""
        part = self.joined.shards[self.number - 1]
        shard = f"{self.number}/{len(self.joined.shards)}"
        files = [str(bundled.scenarios() / each) for each in part.files]
        return [*files, "--shard", shard, "--report", str(self.report), *self.joined.words]

    def environment(self) -> dict[str, str]:
        """Return the variables of its run."""
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "CHAOS_HARNESS_STATE": str(self.work / "state"),
            "CHAOS_HARNESS_CACHE": str(self.work / "cache"),
            "PYTHONPYCACHEPREFIX": str(self.work / "pycache"),
        }


def write_kubeconfig(shard: PodShard) -> None:
    """Write the kubeconfig of the pod's account.

    Raises:
        OSError: it cannot be written.
    """
    write_whole(shard.kubeconfig, kubeconfig(os.environ))


def kubeconfig(environment: Mapping[str, str], tokens: str = TOKENS) -> str:
    """Return a kubeconfig for the pod's account, whose token is read from its file."""
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    cluster = {"server": server, "certificate-authority": f"{tokens}/ca.crt"}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [{"name": CONTEXT, "cluster": cluster}],
            "users": [{"name": CONTEXT, "user": {"tokenFile": f"{tokens}/token"}}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        },
        sort_keys=False,
    )


def is_held(cluster: Cluster, holder: str) -> bool:
    """Say whether the caller still holds the cluster's Lease; while the API server is silent, it does."""
    try:
        found = cluster.get("Lease", lease.NAME, lease.NAMESPACE, timeout=_REQUEST_SECONDS)
    except ApiError:
        return True
    ends = lease.expiry(found)
    held_by = None if found is None else found["spec"].get("holderIdentity")
    return held_by == holder and ends is not None and datetime.now(UTC) < ends


class Watched:
    """A run that is asked to end, once, when the pod is to end or its caller is gone.

    Attributes:
        asked: it was.
    """

    def __init__(self, process: subprocess.Popen[bytes], held: Callable[[], bool]) -> None:
        self._process, self._held = process, held
        self.asked = False

    def end(self, number: int = signal.SIGTERM, _frame: FrameType | None = None) -> None:
        """Ask it to end; its clean-up runs."""
        if not self.asked:
            self.asked = True
            self._process.send_signal(number)

    def to_its_end(self, every: float = _LOOK_SECONDS) -> int:
        """Wait for it, and return its exit code."""
        while True:
            try:
                return self._process.wait(every)
            except subprocess.TimeoutExpired:
                if not self.asked and not self._held():
                    sys.stderr.write("the run that this is a shard of does not hold the cluster any more\n")
                    self.end()


def pack(report: Path, archive: Path) -> None:
    """Write the files of a report into one archive; an empty one where there is no report.

    Raises:
        OSError: it cannot be written.
    """
    with replaced(archive) as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as packed:
        for path in sorted(report.rglob("*")):
            if path.is_file() and not path.is_symlink():
                packed.add(path, str(path.relative_to(report)), recursive=False)


def hand_out(archive: Path, secret: str, *, port: int = PORT, seconds: float = _FETCH_SECONDS) -> bool:
    """Serve an archive until whoever fetched it says so; return whether that was in time."""
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self._is(ARCHIVE):
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/gzip")
            self.send_header("Content-Length", str(archive.stat().st_size))
            self.end_headers()
            with archive.open("rb") as file:
                while block := file.read(1 << 20):
                    self.wfile.write(block)

        def do_POST(self) -> None:
            if self._is(DONE):
                self.send_response(204)
                self.end_headers()
                done.set()

        def _is(self, name: str) -> bool:
            found = hmac.compare_digest(self.path.encode(), f"/{secret}/{name}".encode())
            if not found:
                self.send_error(404)
            return found

        def log_message(self, *_: object) -> None:
            """Say nothing: an address has the secret in it."""

    with ThreadingHTTPServer(("", port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            return done.wait(seconds)
        finally:
            server.shutdown()


def main(arguments: Sequence[str] = ()) -> int:
    """Run the shard of this pod; the exit code is that of its run."""
    try:
        with _told():
            return _main(Path(*arguments) if arguments else Path(WORK))
    except HarnessError as error:
        sys.stderr.write(f"chaos-harness: {error.render()}\n")
        return error.exit_code


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(error, "give the pod more room") from error


def _main(work: Path) -> int:
    run = joined.read(Path(os.environ[joined.VARIABLE]))
    shard = PodShard(run, int(os.environ[FIRST]) + int(os.environ["JOB_COMPLETION_INDEX"]), work)
    write_kubeconfig(shard)
    cluster = Cluster.connect(shard.kubeconfig)
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.cli", "run", *shard.words()],
        env={**os.environ, **shard.environment()},
        cwd=work,
    )
    watched = Watched(process, lambda: is_held(cluster, run.holder))
    signal.signal(signal.SIGTERM, watched.end)
    signal.signal(signal.SIGINT, watched.end)
    code = watched.to_its_end()
    archive = work / ARCHIVE
    pack(shard.report, archive)
    seconds = _FETCH_AT_END_SECONDS if watched.asked else _FETCH_SECONDS
    if not hand_out(archive, run.secret, seconds=seconds):
        sys.stderr.write(f"nobody has fetched the report within {seconds:.0f} s\n")
        return code or ExitCode.INFRASTRUCTURE
    # The Job is about shards that end by themselves: verdicts are in the report.
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
