"""Further clusters one by one, without a run around them."""

import multiprocessing
from typing import Any

import pytest

from harness.base.errors import InfrastructureError
from harness.pytest_plugin import further_clusters
from harness.pytest_plugin.further_clusters import FurtherClusters, RunWork
from harness.stack import lock
from harness.stack.options import UpOptions
from tests.pytest_plugin.test_session import handle


class Opened:
    """As much of a stack as is looked at; it can be sent."""

    def __init__(self, handle):
        self.handle = handle


class Work:
    """What a run does, written down; a process is waited for when the test says so."""

    def __init__(self, tmp_path, fails=None):
        self.tmp_path = tmp_path
        self.fails = fails or {}
        self.lines = []
        self.options = []
        self.waiting: Any = None

    def hold(self, options):
        self.lines.append(f"hold {options.cluster}")
        if "hold" in self.fails:
            raise self.fails["hold"]
        return self

    def bring_up(self, options, held):
        if error := self.fails.get(options.cluster):
            raise error
        return Opened(handle(self.tmp_path).model_copy(update={"cluster": options.cluster}))

    def wait_for(self, background, then):
        self.waiting = (background, then)

    def goes_on(self):
        background, then = self.waiting
        self.waiting = None
        then(background)

    def claim(self, kubeconfig, context):
        self.lines.append("claim")
        if "claim" in self.fails:
            raise self.fails["claim"]

    def joined(self, stack, options):
        self.options.append(options)
        self.lines.append(f"joined {stack.handle.cluster}")

    def not_joined(self, name, why):
        self.lines.append(f"without {name}: {why}")


@pytest.fixture
def removed(monkeypatch):
    """The names of the clusters that were removed, by whichever process."""
    found = multiprocessing.get_context("fork").SimpleQueue()
    monkeypatch.setattr(further_clusters, "down", lambda name, *_: found.put(name))
    return found


@pytest.fixture
def clusters(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))

    def make(number, **fails):
        work = Work(tmp_path, fails)
        for each in range(2, number + 1):
            (tmp_path / f"state/c-{each}").mkdir(parents=True, exist_ok=True)
        done = RunWork(work.hold, work.bring_up, work.wait_for, work.joined, work.not_joined)
        return FurtherClusters(UpOptions(cluster="c", scrape_interval=2.0), number, done), work

    return make


def test_they_come_up_one_after_the_other_as_the_first_one(clusters, removed):
    further, work = clusters(3)
    further.begin()
    assert work.lines == ["hold c-2"]
    work.goes_on()
    assert work.lines == ["hold c-2", "claim", "joined c-2", "hold c-3"]
    work.goes_on()
    assert work.lines[4:] == ["claim", "joined c-3"]
    assert work.waiting is None
    assert work.options == [UpOptions(cluster=f"c-{each}", scrape_interval=2.0) for each in (2, 3)]
    further.end()
    assert len(work.lines) == 6
    assert removed.empty()


def test_one_that_does_not_come_up_is_removed_and_the_next_one_is_tried(clusters, removed):
    further, work = clusters(3, **{"c-2": InfrastructureError("no room")})
    further.begin()
    work.goes_on()
    assert work.lines == [
        "hold c-2",
        "without c-2: no room; next step: chaos-harness up --cluster c-2",
        "hold c-3",
    ]
    assert removed.get() == "c-2"
    work.goes_on()
    assert work.lines[-1] == "joined c-3"


@pytest.mark.parametrize("where", ["hold", "claim"])
def test_one_that_another_process_uses_is_left_alone(clusters, removed, where):
    further, work = clusters(2, **{where: lock.InUseError("in use by process 1", next_step="wait")})
    further.begin()
    if where == "claim":
        work.goes_on()
    assert work.lines[-1] == "without c-2: in use by process 1; next step: wait"
    assert removed.empty()


@pytest.mark.usefixtures("removed")
def test_those_that_are_not_up_at_the_end_are_named(clusters):
    further, work = clusters(3)
    further.begin()
    work.waiting[0].stop(60)
    further.end()
    assert work.lines[1:] == [f"without c-{each}: the run ended before it was up" for each in (2, 3)]
