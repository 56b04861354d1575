"""Scenarios side by side, in real processes; what they do is made up."""

import contextlib
import multiprocessing
import os
import signal
from dataclasses import replace

import pytest

from harness.base.errors import InfrastructureError
from harness.judge.finding import Verdict
from harness.lint.check import load_checked
from harness.results.scenario import ScenarioInterruptedError, ScenarioResult
from harness.runner.conflicts import Conflicts
from harness.runner.observer import Observer
from harness.runner.workers import NotStartedError, QueuedScenario, WorkerPool, _Teller

SCENARIO = """\
scenario: {name}
about: A made-up one.
workload: mini-node-exporter
steps:
  - wait: 1
    expect:
      - metric: up
        where: {{job: workload}}
        equals: 1
"""
SECONDS = 30
"""Longer than any of these tests takes; only reached when one fails."""


@pytest.fixture
def waiting(tmp_path):
    def make(name, claims=None):
        path = tmp_path / f"{name}.yaml"
        path.write_text(SCENARIO.format(name=name))
        return QueuedScenario(f"node-{name}", load_checked(path, 1.0)[0], claims or Conflicts())

    return make


def result(file):
    return ScenarioResult(name=file.name, file="x.yaml", verdict=Verdict.PASS)


def test_those_that_do_not_meet_run_at_the_same_time(waiting):
    together = multiprocessing.get_context("fork").Barrier(2, timeout=SECONDS)

    def perform(file, observer):
        together.wait()
        return result(file)

    pool = WorkerPool([waiting("one"), waiting("two")], 2, perform)
    assert pool.result("node-two").name == "two"
    assert pool.result("node-one").name == "one"


@pytest.mark.parametrize(
    ("claims", "number"),
    [(Conflicts(alone="it says so"), 3), (Conflicts(uses=frozenset({"it"})), 3), (Conflicts(), 1)],
)
def test_those_that_meet_take_turns(waiting, tmp_path, claims, number):
    log = tmp_path / "log"

    def perform(file, observer):
        with log.open("a") as told:
            told.write(f"{file.name} begins\n")
            told.flush()
            os.sched_yield()
            told.write(f"{file.name} ends\n")
        return result(file)

    names = ["one", "two", "three"]
    pool = WorkerPool([waiting(name, claims) for name in names], number, perform)
    for name in names:
        pool.result(f"node-{name}")
    lines = log.read_text().splitlines()
    assert [line.split()[0] for line in lines[::2]] == [line.split()[0] for line in lines[1::2]]
    assert [line.split()[1] for line in lines] == ["begins", "ends"] * 3


def test_what_is_asked_for_is_started_first(waiting, tmp_path):
    log = tmp_path / "log"

    def perform(file, observer):
        with log.open("a") as told:
            told.write(f"{file.name}\n")
        return result(file)

    used = Conflicts(uses=frozenset({"it"}))
    queue = [waiting("first", used), waiting("second", used), waiting("alone", Conflicts(alone="why"))]
    pool = WorkerPool(queue, 2, perform)
    pool.result("node-second")
    assert log.read_text().splitlines()[0] == "second"


def test_no_lane_is_empty_for_what_is_asked_for_and_cannot_start(waiting):
    go_on = multiprocessing.get_context("fork").Event()

    def perform(file, observer):
        if file.name == "holds":
            assert go_on.wait(SECONDS)
        if file.name == "other":
            go_on.set()
        return result(file)

    # `asked` meets all others, which do not meet each other; `holds` still runs when it is asked for.
    queue = [
        waiting("quick", Conflicts(uses=frozenset({"a third"}))),
        waiting("holds", Conflicts(uses=frozenset({"one"}))),
        waiting("other", Conflicts(uses=frozenset({"another"}))),
        waiting("asked", Conflicts(uses=frozenset({"one", "another", "a third"}))),
    ]
    pool = WorkerPool(queue, 2, perform)
    assert pool.result("node-quick").name == "quick"
    assert pool.result("node-asked").name == "asked"
    assert pool.result("node-holds").name == "holds"


def test_the_observer_is_told_which_scenario_it_is_about(waiting):
    told = []

    class Kept(Observer):
        def turn_to(self, name):
            told.append(name)

        def step(self, index, title):
            told.append((index, title))

        def ended(self, result):
            told.append(result.verdict)

    def perform(file, observer):
        observer.step(0, "wait 1 scrape")
        observer.ended(result(file))
        return result(file)

    WorkerPool([waiting("one"), waiting("two")], 1, perform, Kept()).result("node-one")
    assert told == ["one", (0, "wait 1 scrape"), "one", Verdict.PASS]


def test_a_defect_is_raised_with_where_it_was(waiting):
    def perform(file, observer):
        raise ZeroDivisionError("a defect")

    with pytest.raises(ZeroDivisionError, match="a defect") as raised:
        WorkerPool([waiting("one"), waiting("two")], 2, perform).result("node-one")
    assert "in perform" in "".join(raised.value.__notes__)


class UnsendableError(Exception):
    def __init__(self, what, which):
        super().__init__(f"{what} {which}")
        self.more = lambda: None


def test_a_defect_that_cannot_be_sent_is_told_in_words(waiting):
    def perform(file, observer):
        raise UnsendableError("a", "defect")

    with pytest.raises(RuntimeError, match="UnsendableError: a defect"):
        WorkerPool([waiting("one")], 2, perform).result("node-one")


class UnreadableError(Exception):
    """Is sent without complaint, and cannot be made again from its arguments."""

    def __init__(self, what, which):
        super().__init__(f"{what} {which}")


def defect_of_a_local_class():
    class LocalError(Exception):
        pass

    return LocalError("a defect")


@pytest.mark.parametrize(
    "make", [lambda: UnreadableError("a", "defect"), defect_of_a_local_class], ids=["arguments", "class"]
)
def test_a_defect_that_does_not_arrive_is_told_in_words_and_to_whom_it_belongs(waiting, make):
    def perform(file, observer):
        if file.name == "one":
            raise make()
        return result(file)

    pool = WorkerPool([waiting("one"), waiting("two")], 2, perform)
    assert pool.result("node-two").name == "two"
    with pytest.raises(RuntimeError, match="Error: a defect"):
        pool.result("node-one")


def test_a_process_that_is_killed_is_an_error_of_the_infrastructure(waiting):
    def perform(file, observer):
        if file.name == "one":
            os.kill(os.getpid(), signal.SIGKILL)
        return result(file)

    pool = WorkerPool([waiting("one"), waiting("two")], 2, perform)
    with pytest.raises(InfrastructureError, match="the process of one ended before the scenario did"):
        pool.result("node-one")
    assert pool.result("node-two").name == "two"


def test_what_runs_when_it_is_stopped_cleans_up(waiting, tmp_path):
    started = multiprocessing.get_context("fork").Event()
    never = multiprocessing.get_context("fork").Event()
    cleaned = tmp_path / "cleaned"

    def perform(file, observer):
        if file.name == "quick":
            started.wait(SECONDS)
            return result(file)
        started.set()
        try:
            never.wait(SECONDS)
        finally:
            cleaned.write_text(file.name)
        return result(file)

    pool = WorkerPool([waiting("slow"), waiting("quick"), waiting("later")], 2, perform)
    pool.result("node-quick")
    pool.stop()
    assert pool.cut_short == []
    assert cleaned.read_text() in ("slow", "later")
    with pytest.raises(KeyError):
        pool.result("node-later")


def test_what_nobody_asked_for_is_told_as_soon_as_it_ends(waiting):
    used = Conflicts(uses=frozenset({"it"}))
    queue = [waiting("one"), waiting("unasked", used), waiting("after", used)]
    told: list[tuple[str, str]] = []

    def tell(each, ended):
        told.append((each.node, ended.name))
        return False

    pool = WorkerPool(queue, 2, lambda file, observer: result(file), ended=tell)
    pool.result("node-one")
    # It cannot run before the one that has its place is over.
    pool.result("node-after")
    assert sorted(told) == [("node-after", "after"), ("node-one", "one"), ("node-unasked", "unasked")]


def test_nothing_is_started_once_it_is_halted_and_what_runs_goes_on(waiting):
    used = Conflicts(uses=frozenset({"it"}))
    queue = [waiting("one", used), waiting("two", used)]

    def halt(each, ended):
        pool.halt()
        return False

    pool = WorkerPool(queue, 2, lambda file, observer: result(file), ended=halt)
    assert pool.result("node-one").name == "one"
    with pytest.raises(NotStartedError):
        pool.result("node-two")


def test_what_is_not_waited_for_any_more_is_ended_and_its_namespaces_are_known(waiting):
    ready, told = multiprocessing.Pipe(duplex=False)

    def perform(file, observer):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        observer.owns(["slow-123456", "slow-123456-b"])
        told.send("ready")
        signal.pause()

    @contextlib.contextmanager
    def twice():
        pool._waits = contextlib.nullcontext
        pool.drain()
        raise KeyboardInterrupt
        yield

    pool = WorkerPool([waiting("slow"), waiting("never", Conflicts(alone="why"))], 2, perform)
    pool._start("node-slow")
    assert ready.recv() == "ready"
    pool.stop(twice)
    (cut,) = pool.cut_short
    assert (cut.waiting.node, cut.namespaces) == ("node-slow", ["slow-123456", "slow-123456-b"])


def test_what_is_interrupted_after_its_end_has_its_result(waiting):
    def perform(file, observer):
        raise ScenarioInterruptedError(result(file), finished=file.name == "one")

    pool = WorkerPool([waiting("one"), waiting("two")], 2, perform)
    assert pool.result("node-one").verdict is Verdict.PASS
    with pytest.raises(ScenarioInterruptedError) as raised:
        pool.result("node-two")
    assert (raised.value.result.name, raised.value.finished) == ("two", False)


def test_a_scenario_whose_run_is_gone_is_interrupted():
    ours, theirs = multiprocessing.Pipe(duplex=False)
    ours.close()
    teller = _Teller(theirs)
    with pytest.raises(KeyboardInterrupt):
        teller.waiting("the workload")
    # Once is enough: the clean-up tells what it waits for.
    teller.waiting("the clean-up")


@pytest.mark.parametrize("number", [1, 2])
def test_a_script_that_ends_its_process_is_an_error_of_its_scenario(waiting, number):
    def perform(file, observer):
        if file.name == "one":
            os._exit(0)
        return result(file)

    pool = WorkerPool([scripted(waiting("one")), scripted(waiting("two"))], number, perform)
    with pytest.raises(InfrastructureError, match="ended before the scenario did: exit code 0"):
        pool.result("node-one")
    assert pool.result("node-two").name == "two"


def test_a_child_of_a_script_tells_nothing_and_does_not_stay(waiting):
    reader, writer = os.pipe()

    def perform(file, observer):
        if os.fork():
            return result(file)
        while True:
            signal.pause()

    pool = WorkerPool([scripted(waiting("one"))], 1, perform)
    assert pool.result("node-one").name == "one"
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_what_its_timeout_does_not_end_is_ended_by_force(waiting, monkeypatch):
    monkeypatch.setattr("harness.runner.workers._CLEAN_UP_SECONDS", -(10**9))

    def perform(file, observer):
        while True:
            signal.pause()

    pool = WorkerPool([waiting("one")], 1, perform)
    with pytest.raises(InfrastructureError, match="was ended by force: its timeout of 15m did not end it"):
        pool.result("node-one")


def scripted(one):
    return replace(one, file=replace(one.file, script=lambda run: None))


def test_a_scenario_of_which_nothing_is_known_runs_again_alone(waiting, tmp_path):
    log = tmp_path / "log"
    told = []

    def perform(file, observer):
        with log.open("a") as lines:
            lines.write(f"{file.name} begins\n")
            lines.flush()
            os.sched_yield()
            lines.write(f"{file.name} ends\n")
        return result(file)

    def ended(queued, came_to):
        told.append(queued.file.name)
        return queued.file.name == "one" and told.count("one") == 1

    pool = WorkerPool([waiting(name) for name in ("one", "two", "three")], 2, perform, ended=ended)
    for name in ("three", "two", "one"):
        assert pool.result(f"node-{name}").name == name
    assert sorted(told) == ["one", "one", "three", "two"]
    assert log.read_text().splitlines()[-2:] == ["one begins", "one ends"]


def test_nothing_runs_again_once_nothing_is_to_be_started(waiting):
    pool = WorkerPool([waiting("one")], 2, lambda file, observer: result(file), ended=lambda *_: True)
    pool._start("node-one")
    pool.halt()
    assert pool.result("node-one").name == "one"


ONE_AT_A_TIME = Conflicts(breaks=frozenset({"chaos-daemon"}), needs=frozenset({"chaos-daemon"}))


def test_what_conflicts_runs_at_the_same_time_on_two_clusters(waiting):
    together = multiprocessing.get_context("fork").Barrier(2, timeout=SECONDS)
    ran = {}

    def perform(file, observer):
        together.wait()
        return result(file)

    def ended(each, came_to):
        ran[each.node] = each.place
        return False

    queue = [waiting("one", ONE_AT_A_TIME), waiting("two", ONE_AT_A_TIME)]
    pool = WorkerPool(queue, 2, perform, ended=ended, place="c")
    pool.open("c-2", perform)
    assert pool.result("node-two").name == "two"
    assert pool.result("node-one").name == "one"
    assert sorted(ran.values()) == ["c", "c-2"]


def test_what_conflicts_never_runs_at_the_same_time_on_one_of_two_clusters(waiting, tmp_path):
    def perform_on(place):
        def perform(file, observer):
            # Fails when the other one that conflicts is at work there.
            (tmp_path / place).mkdir()
            os.sched_yield()
            (tmp_path / place).rmdir()
            return result(file)

        return perform

    names = [f"s{number}" for number in range(12)]
    ran = {}

    def ended(each, came_to):
        ran[each.node] = each.place
        return False

    queue = [waiting(name, ONE_AT_A_TIME) for name in names]
    pool = WorkerPool(queue, 4, perform_on("c"), ended=ended, place="c")
    pool.open("c-2", perform_on("c-2"))
    for name in names:
        assert pool.result(f"node-{name}").name == name
    assert set(ran.values()) == {"c", "c-2"}


def test_a_cluster_that_comes_late_takes_what_waits(waiting):
    ready, says = multiprocessing.Pipe(duplex=False)
    began = multiprocessing.get_context("fork").Event()
    go_on = multiprocessing.get_context("fork").Event()
    ran = {}

    def perform(file, observer):
        if file.name == "holds":
            # Nobody says that the other cluster is up before, and it ends only when that has been used.
            says.send("up")
            began.set()
            assert go_on.wait(SECONDS)
        return result(file)

    def on_the_other(file, observer):
        assert began.is_set()
        go_on.set()
        return result(file)

    def ended(each, came_to):
        ran[each.node] = each.place
        return False

    queue = [waiting("holds", ONE_AT_A_TIME), waiting("waits", ONE_AT_A_TIME)]
    pool = WorkerPool(queue, 2, perform, ended=ended, place="c")
    pool.attend(ready, lambda: pool.open("c-2", on_the_other))
    assert pool.result("node-holds").name == "holds"
    assert pool.result("node-waits").name == "waits"
    assert ran == {"node-holds": "c", "node-waits": "c-2"}


def test_nothing_starts_on_a_cluster_that_is_taken_out_and_the_rest_runs_on_the_other(waiting):
    ran = {}

    def ended(each, came_to):
        ran[each.node] = each.place
        if each.place == "c-2":
            pool.close("c-2")
        return False

    names = [f"s{number}" for number in range(8)]
    pool = WorkerPool(
        [waiting(name, ONE_AT_A_TIME) for name in names],
        2,
        lambda file, observer: result(file),
        ended=ended,
        place="c",
    )
    pool.open("c-2", lambda file, observer: result(file))
    for name in names:
        pool.result(f"node-{name}")
    assert sorted(ran.values()) == ["c"] * 7 + ["c-2"]


def test_without_a_cluster_it_waits_for_one_that_comes(waiting):
    ready, says = multiprocessing.Pipe(duplex=False)
    pool = WorkerPool([waiting("one")], 2, lambda file, observer: pytest.fail("there"), place="c")
    pool.close("c")
    pool.attend(ready, lambda: pool.open("c-2", lambda file, observer: result(file)))
    says.send("up")
    assert pool.result("node-one").name == "one"


def test_nothing_runs_once_it_is_halted_though_a_cluster_comes(waiting):
    ready, says = multiprocessing.Pipe(duplex=False)
    pool = WorkerPool([waiting("one"), waiting("two")], 2, lambda file, observer: result(file), place="c")
    pool.attend(ready, lambda: pytest.fail("it was attended to"))
    says.send("up")
    pool.halt()
    pool._listen(0.0)
    with pytest.raises(NotStartedError):
        pool.result("node-one")


def test_what_runs_again_runs_alone_on_all_clusters(waiting):
    tries = []

    def ended(each, came_to):
        tries.append((each.node, each.place))
        return each.node == "node-one" and len([node for node, _ in tries if node == "node-one"]) == 1

    def perform(file, observer):
        return result(file)

    pool = WorkerPool([waiting("one"), waiting("two")], 2, perform, ended=ended, place="c")
    pool.open("c-2", perform)
    assert pool.result("node-two").name == "two"
    assert pool.result("node-one").name == "one"
    assert [node for node, _ in tries].count("node-one") == 2
