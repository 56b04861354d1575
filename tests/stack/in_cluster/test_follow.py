"""Each shard either hands out its report, or it is said why not; whatever happens to its pod."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.base import working_time
from harness.base.progress import Progress
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import NotFoundError, UnreachableError, WaitTimeoutError
from harness.stack.in_cluster import follow, reports
from harness.stack.in_cluster.follow import LeaseLostError, ShardEnd, Shards
from harness.stack.in_cluster.reports import ReportError
from tests.stack.in_cluster.conftest import JOB, SECRET, pod

WAITING: dict[str, Any] = {
    "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such"}}}]
}
KILLED: dict[str, Any] = {
    "phase": "Failed",
    "containerStatuses": [{"state": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}],
}


class Seen(Cluster):
    """Shows one state of the pods after the other; a number lets so many seconds pass without any change."""

    def __init__(self, clock: list[float], *states: Sequence[dict[str, Any]] | float | Exception) -> None:
        self.clock, self.states = clock, [*states]
        self.now: Sequence[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.there: dict[str, list[dict[str, Any]]] = {}

    def until_all(self, kind, namespace, predicate, timeout, *, label_selector=None):
        assert (kind, namespace) == ("Pod", "chaos-harness")
        assert label_selector == f"job={JOB.name}"
        while not predicate(self.now):
            if not self.states:
                raise AssertionError("waits for what does not come")
            state = self.states.pop(0)
            if isinstance(state, Exception):
                raise state
            if isinstance(state, float):
                self.clock[0] += state
                raise WaitTimeoutError("late", last=list(self.now))
            self.now = state
        return self.now

    def list(self, kind, namespace=None, label_selector=None, **_):
        return self.events if kind == "Event" else self.there.get(kind, [])

    def logs(self, namespace, pod, container, **_):
        if pod == "shard-1":
            raise NotFoundError("no such pod")
        return "one\ntwo\nthree\nfour\nfive\nlast\n"

    def delete(self, kind, name, namespace=None, *, uid=None, **_):
        self.deleted.append(f"{kind} {name} {uid}")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(working_time, "now", lambda: now[0])
    monkeypatch.setattr(working_time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(
        reports, "fetch", lambda cluster, pod, secret, folder: found.append(f"{pod} {secret}")
    )
    return found


Ends = Callable[..., list[ShardEnd]]


@pytest.fixture
def ends(clock: list[float], tmp_path: Path) -> Ends:
    def run(*states: Any, held: Callable[[], bool] = lambda: True) -> list[ShardEnd]:
        shards = Shards(Seen(clock, *states), JOB, SECRET, tmp_path, held)
        return list(shards.ends(Progress(io.StringIO())))

    return run


def test_a_report_is_fetched_as_soon_as_its_shard_is_ready(
    ends: Ends, fetched: list[str], tmp_path: Path
) -> None:
    found = ends([], [pod(0)], [pod(0), pod(1)], [pod(0), pod(1, ready=True)], [pod(0, ready=True)])
    assert found == [ShardEnd(2, tmp_path / "2"), ShardEnd(1, tmp_path / "1")]
    assert fetched == [f"shard-1 {SECRET}", f"shard-0 {SECRET}"]


@pytest.mark.usefixtures("fetched")
def test_a_shard_that_was_killed_does_not_keep_the_others(ends: Ends, tmp_path: Path) -> None:
    found = ends([pod(0, **KILLED), pod(1)], [pod(0, **KILLED), pod(1, ready=True)])
    log = ("two", "three", "four", "five", "last")
    assert found == [
        ShardEnd(1, None, "OOMKilled: it needed more memory than its limit", log),
        ShardEnd(2, tmp_path / "2"),
    ]


@pytest.mark.usefixtures("fetched")
def test_a_pod_that_is_gone_was_deleted(ends: Ends) -> None:
    found = ends([pod(0), pod(1)], [pod(1)], [pod(1, ready=True)])
    assert found[0] == ShardEnd(1, None, "its pod was deleted")


@pytest.mark.usefixtures("fetched")
def test_another_pod_of_the_same_shard_is_not_taken_for_it(ends: Ends) -> None:
    found = ends([pod(0), pod(1, ready=True)], [pod(0, uid="another", ready=True)])
    assert found[1] == ShardEnd(1, None, "its pod was deleted")


@pytest.mark.usefixtures("fetched")
def test_an_image_that_no_node_has(ends: Ends) -> None:
    (one, two) = ends([pod(0, **WAITING), pod(1, **WAITING)])
    assert one == ShardEnd(
        1, None, "ImagePullBackOff: no such", ("two", "three", "four", "five", "last"), about_image=True
    )
    # Its log cannot be read, which changes nothing.
    assert (two.why, two.log) == ("ImagePullBackOff: no such", ())


@pytest.mark.usefixtures("fetched")
def test_a_shard_that_no_node_takes(ends: Ends) -> None:
    unscheduled = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1"}]
    pending = pod(0, phase="Pending", containerStatuses=[], conditions=unscheduled)
    found = ends([pending, pod(1, ready=True)], 200.0, 101.0)
    assert found[1].why == "it did not start within 300 s: Unschedulable: 0/1"


@pytest.mark.usefixtures("fetched")
def test_a_job_that_gets_no_pod_says_why(clock: list[float], tmp_path: Path) -> None:
    cluster = Seen(clock, 30.0, 31.0)
    cluster.events = [
        {"involvedObject": {"name": JOB.name}, "message": "exceeded quota"},
        {"involvedObject": {"name": "another"}, "message": "of no interest"},
    ]
    found = list(Shards(cluster, JOB, SECRET, tmp_path, lambda: True).ends(Progress(io.StringIO())))
    assert [each.why for each in found] == ["no pod was created for it: exceeded quota"] * 2


@pytest.mark.usefixtures("fetched")
def test_a_shard_that_does_not_end_is_given_up(ends: Ends) -> None:
    found = ends([pod(0), pod(1, ready=True)], 900.0, 361.0)
    assert found[1].why == "it did not end within 900 s"


@pytest.mark.usefixtures("fetched")
def test_an_api_server_that_is_away_for_a_while_ends_nothing(ends: Ends, tmp_path: Path) -> None:
    silent = UnreachableError("no answer")
    found = ends([pod(0)], silent, silent, [pod(0, ready=True), pod(1, ready=True)])
    assert [each.folder for each in found] == [tmp_path / "1", tmp_path / "2"]


@pytest.mark.usefixtures("fetched")
def test_an_api_server_that_stays_away_is_given_up(ends: Ends) -> None:
    found = ends([pod(0), pod(1)], *[UnreachableError("no answer")] * 1300)
    assert [each.why for each in found] == ["the API server did not answer any more"] * 2


def test_a_report_that_cannot_be_used_is_said(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ReportError("the report 1 was cut short")

    monkeypatch.setattr(reports, "fetch", fail)
    found = ends([pod(0, ready=True), pod(1, ready=True)])
    assert [(each.folder, each.why) for each in found] == [(None, "the report 1 was cut short")] * 2


@pytest.mark.usefixtures("fetched")
def test_without_the_lease_nothing_is_waited_for(ends: Ends) -> None:
    with pytest.raises(LeaseLostError, match="became another's"):
        ends([pod(0)], held=lambda: False)


def test_an_interrupted_caller_may_go_on_where_it_was(
    clock: list[float], tmp_path: Path, fetched: list[str]
) -> None:
    cluster = Seen(clock, [pod(0, ready=True), pod(1)], [pod(1, ready=True)])
    shards = Shards(cluster, JOB, SECRET, tmp_path, lambda: True)
    first = shards.ends(Progress(io.StringIO()))
    assert next(first).number == 1
    first.close()  # type: ignore[attr-defined]
    assert [each.number for each in shards.ends(Progress(io.StringIO()))] == [2]
    assert len(fetched) == 2


def test_all_of_a_run_is_removed_and_its_pods_waited_for(clock: list[float]) -> None:
    class Leaving(Seen):
        def until_all(self, kind, namespace, predicate, timeout, *, label_selector=None):
            assert label_selector == "chaos-harness/in-cluster=x"
            assert timeout > 300
            assert not predicate([pod(0)])
            assert predicate([])
            return []

    cluster = Leaving(clock)
    cluster.there = {
        kind: [{"metadata": {"name": kind.lower(), "uid": "u"}}] for kind in ("Job", "ConfigMap")
    }
    assert follow.remove(cluster, "chaos-harness/in-cluster=x") == ["Job job", "ConfigMap configmap"]
    assert cluster.deleted == ["Job job u", "ConfigMap configmap u"]
