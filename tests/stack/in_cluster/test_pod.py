"""The first process of a shard's pod: what it starts, when it ends that, how it hands out the report."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.base import bundled
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import UnreachableError
from harness.stack.in_cluster import pod
from harness.stack.in_cluster.joined import JoinedRun
from harness.stack.in_cluster.pod import PodShard, Watched
from tests.stack.in_cluster.conftest import SECRET

WAITS = "import signal, sys; print('here', flush=True); signal.pause()"


class LeaseOnly(Cluster):
    """A cluster of which only the Lease is read."""

    def __init__(self, found: dict[str, Any] | Exception | None) -> None:
        self.found = found

    def get(self, kind, name, namespace=None, *, timeout=0.0):
        assert kind == "Lease"
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def lease(holder: str | None, *, age: float = 0.0) -> dict[str, Any]:
    renewed = datetime.now(UTC) - timedelta(seconds=age)
    spec = {"holderIdentity": holder, "renewTime": renewed.isoformat(), "leaseDurationSeconds": 60}
    return {"metadata": {}, "spec": spec}


def test_a_shard_runs_what_its_caller_gave_to_it(run: JoinedRun, tmp_path: Path) -> None:
    assert PodShard(run, 2, tmp_path).words() == [
        str(bundled.scenarios() / "daemon/b.yaml"),
        *("--shard", "2/2"),
        *("--report", str(tmp_path / "report")),
        "--exclusive",
    ]


def test_a_shard_writes_nowhere_but_in_its_own_folder(run: JoinedRun, tmp_path: Path) -> None:
    for name, value in PodShard(run, 1, tmp_path).environment().items():
        assert Path(value).is_relative_to(tmp_path), name


@pytest.mark.parametrize(
    ("host", "server"), [("10.96.0.1", "https://10.96.0.1:443"), ("fd00::1", "https://[fd00::1]:443")]
)
def test_the_token_is_read_from_its_file(tmp_path: Path, host: str, server: str) -> None:
    (tmp_path / "token").write_text("a-token")
    (tmp_path / "ca.crt").write_text("")
    text = pod.kubeconfig({"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"}, str(tmp_path))
    assert "a-token" not in text
    assert yaml.safe_load(text)["users"][0]["user"] == {"tokenFile": f"{tmp_path}/token"}
    (tmp_path / "kubeconfig").write_text(text)
    cluster = Cluster.connect(tmp_path / "kubeconfig")
    assert cluster.server == server
    assert cluster.credentials().authorization == "Bearer a-token"


@pytest.mark.parametrize(
    ("holder", "age", "held"),
    [("me", 0, True), ("me", 300, False), ("another", 0, False), (None, 0, False)],
)
def test_the_caller_is_there_as_long_as_it_renews_the_lease(
    holder: str | None, age: float, *, held: bool
) -> None:
    assert pod.is_held(LeaseOnly(lease(holder, age=age)), "me") is held


def test_without_a_lease_nobody_holds_the_cluster_and_without_an_answer_nothing_is_known() -> None:
    assert not pod.is_held(LeaseOnly(None), "me")
    assert pod.is_held(LeaseOnly(UnreachableError("no answer")), "me")


@pytest.fixture
def waiting() -> Any:
    process = subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    yield process
    process.kill()
    process.communicate()


def test_without_its_caller_a_run_is_asked_to_end_once(
    waiting: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[bool] = []
    watched = Watched(waiting, lambda: bool(asked.append(False)))
    assert watched.to_its_end(every=0.01) == -signal.SIGTERM
    assert watched.asked
    assert asked == [False]
    assert "does not hold the cluster any more" in capsys.readouterr().err


def test_the_signal_that_the_pod_gets_is_handed_on_once() -> None:
    sent: list[int] = []

    class Asked(subprocess.Popen[bytes]):
        def __init__(self) -> None:
            """Start nothing."""

        def __del__(self) -> None:
            """End nothing."""

        def send_signal(self, sig: int) -> None:
            sent.append(sig)

    watched = Watched(Asked(), lambda: True)
    watched.end(signal.SIGTERM)
    watched.end(signal.SIGTERM)
    assert sent == [signal.SIGTERM]


def ask(port: int, path: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    with urllib.request.urlopen(request, timeout=5) as answer:
        found: bytes = answer.read()
        return found


def test_a_report_is_handed_out_to_who_knows_the_secret(tmp_path: Path) -> None:
    (tmp_path / "report.tar.gz").write_bytes(b"packed" * 1000)
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    done: list[bool] = []
    serving = threading.Thread(
        target=lambda: done.append(pod.hand_out(tmp_path / "report.tar.gz", SECRET, port=port, seconds=30))
    )
    serving.start()
    try:
        _until_open(port)
        for method, path in [("GET", "/report.tar.gz"), ("GET", f"/{SECRET}/x"), ("POST", "/done")]:
            with pytest.raises(urllib.error.HTTPError, match="404"):
                ask(port, path, method)
        assert ask(port, f"/{SECRET}/report.tar.gz") == b"packed" * 1000
    finally:
        ask(port, f"/{SECRET}/done", "POST")
        serving.join(10)
    assert done == [True]


def _until_open(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            continue
        return


def test_it_does_not_wait_for_ever_for_somebody(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    assert pod.hand_out(tmp_path / "x", SECRET, port=0, seconds=0.0) is False


def test_a_pod_that_was_told_nothing_ends_with_a_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.json").write_text('{"run": 1}')
    monkeypatch.setenv("CHAOS_HARNESS_JOINED_RUN", str(tmp_path / "run.json"))
    assert pod.main([str(tmp_path)]) == 4
    assert "with an image of the harness of the same version" in capsys.readouterr().err
