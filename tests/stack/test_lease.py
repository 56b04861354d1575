"""The lock in the cluster: who may take it, and the process that renews it."""

from __future__ import annotations

import copy
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import UsageError
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import ConflictError, UnreachableError
from harness.kubernetes.websocket import Credentials
from harness.stack import lease, lock, renewer
from harness.stack.lease import Holder
from tests.kubernetes.conftest import ApiServer, Request

PATH = "/apis/coordination.k8s.io/v1/namespaces/chaos-harness/leases/chaos-harness"
HERE = Path("/state")


class FakeLeases:
    """A cluster that holds a Lease; `faster` takes it first, as many times as it says."""

    server = "https://fake"

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.namespaces: set[str] = set()
        self.faster = 0
        self.version = 0

    def get(self, kind: str, name: str, namespace: str | None = None, *, timeout: float = 0) -> Any:
        if kind == "Namespace":
            return {} if name in self.namespaces else None
        return copy.deepcopy(self.lease)

    def create(self, body: Any, *, timeout: float = 0) -> Any:
        if body["kind"] == "Namespace":
            self.namespaces.add(body["metadata"]["name"])
            return body
        assert body["metadata"]["namespace"] in self.namespaces
        self._race()
        if self.lease is not None:
            raise ConflictError("it exists")
        return self._keep(body)

    def patch(self, kind: str, name: str, namespace: str, body: Any, *, timeout: float = 0) -> Any:
        self._race()
        assert self.lease is not None
        if body["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
            raise ConflictError("it changed")
        return self._keep(body)

    def held_by(self, holder: Holder, age: float = 0.0) -> None:
        written = lease._write(self, holder, self.lease)  # type: ignore[arg-type]
        renewed = datetime.now(UTC) - timedelta(seconds=age)
        written["spec"]["renewTime"] = renewed.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.lease = written

    def _race(self) -> None:
        if self.faster:
            self.faster -= 1
            self._keep(self.lease or {"metadata": {}, "spec": {}})

    def _keep(self, body: Any) -> Any:
        self.version += 1
        self.lease = copy.deepcopy(body)
        self.lease["metadata"]["resourceVersion"] = str(self.version)
        return copy.deepcopy(self.lease)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeLeases:
    monkeypatch.setattr(lease, "_renewed", lambda cluster, me, written: written)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return FakeLeases()


def me(doing: str = "run 1") -> Holder:
    return Holder.this(doing, HERE)


def elsewhere(**changes: Any) -> Holder:
    return me("run of another").model_copy(update={"place": "another", "state": "/other", **changes})


def gone() -> Holder:
    return me("run that was killed").model_copy(update={"born": 1})


def take(cluster: FakeLeases, who: Holder) -> Any:
    return lease.take(cluster, who, lambda other, ends: lock.in_use("c", other, ends))  # type: ignore[arg-type]


def test_a_free_cluster_is_taken_and_its_namespace_made(cluster: FakeLeases) -> None:
    mine = me()
    take(cluster, mine)
    assert lease.holder(cluster) == mine  # type: ignore[arg-type]


def test_one_that_lives_elsewhere_is_named(cluster: FakeLeases) -> None:
    cluster.held_by(elsewhere(host="far", pid=7), age=lease.DURATION_SECONDS - 5)
    with pytest.raises(UsageError) as caught:
        take(cluster, me())
    assert "in use by process 7 (run of another) since 20" in caught.value.problem
    assert "on far with the state folder /other" in caught.value.problem
    assert cluster.lease is not None
    ends = datetime.fromisoformat(cluster.lease["spec"]["renewTime"]) + timedelta(
        seconds=lease.DURATION_SECONDS
    )
    assert f"its Lease runs out at {ends:%H:%M:%S} UTC unless it is renewed" in caught.value.problem
    assert caught.value.exit_code == 4


def test_one_that_ran_out_elsewhere_is_taken_over(cluster: FakeLeases) -> None:
    cluster.held_by(elsewhere(), age=lease.DURATION_SECONDS + 5)
    assert lease.holder(cluster) is None  # type: ignore[arg-type]
    take(cluster, me())


def test_one_whose_process_lives_here_is_never_taken_over(cluster: FakeLeases) -> None:
    """Its API server may have been down for a minute, or the machine overloaded."""
    other = me("run 2")
    cluster.held_by(other, age=10 * lease.DURATION_SECONDS)
    with pytest.raises(UsageError, match=f"process {os.getpid()} "):
        take(cluster, me())


def test_one_whose_process_is_gone_is_taken_over_once_nothing_renews_it(cluster: FakeLeases) -> None:
    cluster.held_by(gone(), age=lease._SILENT_SECONDS + 1)
    take(cluster, me())


def test_scenarios_of_a_killed_run_that_still_clean_up_hold_the_cluster(cluster: FakeLeases) -> None:
    cluster.held_by(gone())
    with pytest.raises(UsageError, match="has ended, and what it left may still be cleaning up"):
        take(cluster, me())


def test_a_time_far_in_the_future_is_no_eternal_lock(cluster: FakeLeases) -> None:
    cluster.held_by(elsewhere(), age=-10 * lease.DURATION_SECONDS)
    take(cluster, me())


def test_a_released_one_is_free(cluster: FakeLeases) -> None:
    cluster.held_by(elsewhere())
    assert cluster.lease is not None
    del cluster.lease["spec"]["holderIdentity"]
    take(cluster, me())


def test_one_of_strangers_counts_too(cluster: FakeLeases) -> None:
    cluster.held_by(elsewhere())
    assert cluster.lease is not None
    cluster.lease["metadata"]["annotations"] = {}
    cluster.lease["spec"]["holderIdentity"] = "by hand"
    with pytest.raises(UsageError, match="by hand"):
        take(cluster, me())


def test_of_two_that_take_it_at_once_one_gets_it(cluster: FakeLeases) -> None:
    cluster.held_by(elsewhere(), age=1000)
    cluster.faster = 1
    take(cluster, me())
    cluster.held_by(elsewhere(), age=1000)
    cluster.faster = 100
    with pytest.raises(UsageError):
        take(cluster, me())


def test_another_process_of_the_same_number_is_another() -> None:
    assert me().lives() is True
    assert gone().lives() is False
    assert elsewhere().lives() is None


# The process that renews.


class LeaseServer(ApiServer):
    """Answers as whose the Lease is, by `identity` and by a status for each method in `answers`."""

    def __init__(self) -> None:
        super().__init__()
        self.came: queue.Queue[Any] = queue.Queue()
        self.answers: dict[str, int] = {}
        self.identity = ""
        self.route = self._answer

    def _answer(self, request: Request) -> None:
        status = self.answers.get(request.method, 200)
        answer = {"metadata": {"resourceVersion": "2"}, "spec": {"holderIdentity": self.identity}}
        request.answer(status, answer if status == 200 else b"busy")
        self.came.put((request.method, request.path, request.body))


@pytest.fixture
def api() -> Iterator[LeaseServer]:
    server = LeaseServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


class Served(FakeLeases):
    def __init__(self, api: LeaseServer) -> None:
        super().__init__()
        self.server = api.url

    def credentials(self) -> Credentials:
        return Credentials(None, None, None, "Bearer t", verify=True, server_name=None)


@pytest.fixture
def renewed(api: LeaseServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[lease.Lease]:
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.01)
    mine = me()
    api.identity = mine.identity
    found = lease._renewed(Served(api), mine, {"metadata": {"resourceVersion": "1"}})  # type: ignore[arg-type]
    yield found
    found.drop()


def came(api: LeaseServer) -> Any:
    return api.came.get(timeout=30)


def test_it_is_renewed_until_it_is_released(api: LeaseServer, renewed: lease.Lease) -> None:
    for _ in range(2):
        method, path, body = came(api)
        assert (method, path) == ("PATCH", PATH)
        assert datetime.fromisoformat(body["spec"]["renewTime"]).tzinfo is not None
    assert renewed.holds()
    assert renewed.release()
    last = [api.came.get_nowait() for _ in range(api.came.qsize())][-1][2]
    assert last["spec"] == {"holderIdentity": None}
    assert last["metadata"]["annotations"] == {lease.HOLDER: None}
    assert not renewed.holds()


@pytest.mark.parametrize("status", [500, 503, 429, 403])
def test_an_api_server_in_trouble_is_asked_again(api: LeaseServer, renewed: lease.Lease, status: int) -> None:
    api.answers["PATCH"] = status
    for _ in range(5):
        came(api)
    assert renewed.holds()
    api.answers.clear()
    assert renewed.release()


def test_an_api_server_that_is_gone_is_no_error(api: LeaseServer, renewed: lease.Lease) -> None:
    came(api)
    api.server.shutdown()
    api.server.server_close()
    assert renewed.release()


def test_what_became_anothers_is_not_renewed_any_more(api: LeaseServer, renewed: lease.Lease) -> None:
    api.identity = "another"
    api.answers["PATCH"] = 409
    assert renewed._process.wait(30) == renewer.LOST
    assert not renewed.holds()
    assert not renewed.release()


def test_a_change_by_somebody_that_leaves_it_ours_is_no_loss(api: LeaseServer, renewed: lease.Lease) -> None:
    api.answers["PATCH"] = 409
    while came(api)[0] != "GET":
        pass
    api.answers.clear()
    while came(api)[0] != "PATCH":
        pass
    assert renewed.holds()


def test_it_ends_and_releases_when_its_run_is_killed(api: LeaseServer) -> None:
    code = f"""
import sys
from tests.stack.test_lease import Served, lease, me
class Api:
    url = {api.url!r}
lease._renewed(Served(Api), me(), {{"metadata": {{"resourceVersion": "1"}}}})
print("ready", flush=True)
sys.stdin.read()
"""
    root = Path(lease.__file__).parents[2]
    run = subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    run.kill()
    run.communicate()
    assert came(api)[2]["spec"] == {"holderIdentity": None}


# Held: both locks.


@pytest.fixture
def held(tmp_path: Path, cluster: FakeLeases, monkeypatch: pytest.MonkeyPatch) -> Iterator[lock.Held]:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path))
    monkeypatch.setattr(Cluster, "connect", lambda kubeconfig, context, guard: cluster)
    with lock.held("c", "run 1") as mine:
        yield mine


class Renewed:
    """A Lease that is ours, without a process."""

    def __init__(self, *, kept: bool = True) -> None:
        self.kept, self.done = kept, ""

    def holds(self) -> bool:
        return not self.done

    def release(self) -> bool:
        self.done = "released"
        return self.kept

    def drop(self) -> None:
        self.done = "dropped"


def test_a_cluster_is_claimed_once(held: lock.Held, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[Renewed] = []
    monkeypatch.setattr(lease, "_renewed", lambda *_: made.append(Renewed()) or made[-1])
    held.claim(tmp_path)
    held.claim(tmp_path)
    assert len(made) == 1
    held.drop()
    assert made[0].done == "dropped"
    held.claim(tmp_path)
    held.let_go()
    assert [each.done for each in made] == ["dropped", "released"]


def test_a_lease_that_was_lost_is_told(
    held: lock.Held, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lease, "_renewed", lambda *_: Renewed(kept=False))
    held.claim(tmp_path)
    held.let_go()
    assert "the Lease of the cluster c became another's meanwhile" in capsys.readouterr().err


def test_another_state_folder_on_the_same_cluster_is_kept_out(
    held: lock.Held, cluster: FakeLeases, tmp_path: Path
) -> None:
    cluster.held_by(elsewhere(host="h", pid=9))
    with pytest.raises(lock.InUseError, match="in use by process 9"):
        held.claim(tmp_path)


def test_a_silent_api_server_is_not_claimed(
    held: lock.Held, cluster: FakeLeases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def silent(*_: Any, **__: Any) -> None:
        raise UnreachableError("no answer")

    monkeypatch.setattr(cluster, "get", silent)
    with pytest.raises(UnreachableError):
        held.claim(tmp_path)
