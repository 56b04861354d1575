"""Runs scenarios in parallel, each in a process of its own, as far as their conflicts let them.

They run on one cluster, or on several, which may come and go meanwhile (placement.py). A process is forked
for each scenario: what interrupts one, or ends it, does not touch another, and the clean-up of an interrupted
scenario is the one that it has when it runs alone. The parent has no thread; it tells the observer what the
processes say, starts the next scenario, and hands out results when they are asked for.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

from harness.base.apart import MOST_MEMORY, be_bounded, end_group
from harness.base.background import interrupt_once
from harness.base.durations import text_of
from harness.base.errors import InfrastructureError
from harness.base.working_time import FROZEN_SECONDS
from harness.judge.finding import Finding, Pending
from harness.results.scenario import ScenarioInterruptedError, ScenarioResult
from harness.runner import interrupts
from harness.runner.attempts import ALONE
from harness.runner.conflicts import Conflicts
from harness.runner.observer import Observer
from harness.runner.placement import place_for
from harness.scenario.load import ScenarioFile

Perform = Callable[[ScenarioFile, Observer], ScenarioResult]
"""Runs a scenario to its end; called in the scenario's own process."""

_LOOK_SECONDS = 1.0
_CLEAN_UP_SECONDS = 150.0
"""What an interrupted scenario may take to put things right: its own waits are bounded below that."""
_KILL_SECONDS = 5.0
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class QueuedScenario:
    """A scenario that is to be run.

    Attributes:
        node: what it is asked for by; unique.
        file: the scenario.
        conflicts: see conflicts.py.
        limit: after how many seconds its own process ends it; None for the timeout of the file.
        place: the cluster that it was started on; empty as long as it was not.
    """

    node: str
    file: ScenarioFile
    conflicts: Conflicts
    limit: float | None = None
    place: str = ""

    @property
    def seconds(self) -> float:
        """How long it may take, without its clean-up."""
        return self.file.scenario.timeout if self.limit is None else self.limit


Ended = Callable[[QueuedScenario, ScenarioResult | BaseException], bool]
"""Is told what a scenario came to, as soon as it has; returns whether it is to run again, alone."""

Waits = Callable[[], AbstractContextManager[None]]
"""Makes what a wait stands in."""


class NotStartedError(KeyError):
    """A scenario that is asked for is not started any more."""


@dataclass(frozen=True)
class CutShort:
    """A scenario whose process was ended before its clean-up was over.

    Attributes:
        waiting: the scenario.
        namespaces: what it has made, as far as it told.
    """

    waiting: QueuedScenario
    namespaces: list[str]


@dataclass(eq=False)
class ProcessLostError(InfrastructureError):
    """A scenario's process ended before the scenario did, and so without its clean-up.

    Attributes:
        namespaces: what it has made, as far as it told.
    """

    namespaces: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Worker:
    waiting: QueuedScenario
    process: ForkProcess
    connection: Connection
    latest: float
    """When it has to have ended, by time.monotonic()."""
    namespaces: list[str] = field(default_factory=list)


class WorkerPool:
    """The scenarios of a run, of which several may run at the same time.

    Attributes:
        cut_short: those whose clean-up was not over when they were no longer waited for.
    """

    def __init__(
        self,
        queue: Sequence[QueuedScenario],
        number: int,
        perform: Perform,
        observer: Observer | None = None,
        ended: Ended = lambda *_: False,
        place: str = "",
    ) -> None:
        """Prepare; nothing is started before the first result is asked for.

        Args:
            queue: in the order in which they are to be started, as far as their conflicts allow it.
            number: how many may run at the same time.
            perform: see Perform.
            observer: is told how all of them go on.
            ended: is told what each of them came to, whether anybody has asked for it or not.
            place: the first cluster.
        """
        self._queue = [*queue]
        self._number = number
        self._places = {place: perform}
        self._attended: dict[Connection, Callable[[], None]] = {}
        self._observer = observer or Observer()
        self._tell_ended = ended
        self._waits: Waits = contextlib.nullcontext
        self.cut_short: list[CutShort] = []
        self._halted = False
        self._running: list[_Worker] = []
        self._ended: dict[str, ScenarioResult | BaseException] = {}

    def result(self, node: str) -> ScenarioResult:
        """Return what a scenario came to, once it has; others go on meanwhile.

        Raises:
            InfrastructureError: its process ended before it told.
            NotStartedError: it is not to be run, or not any more.
            BaseException: what came out of the scenario's process: a defect of the harness.
        """
        while node not in self._ended:
            self._start(node)
            if not any(
                each.node == node for each in (*self._queue, *(worker.waiting for worker in self._running))
            ):
                raise NotStartedError(node)
            self._listen(_LOOK_SECONDS)
        ended = self._ended.pop(node)
        if isinstance(ended, BaseException):
            raise ended
        return ended

    def open(self, place: str, perform: Perform) -> None:
        """Start scenarios on another cluster, too."""
        self._places[place] = perform

    def close(self, place: str) -> None:
        """Start nothing on a cluster any more; what runs there goes on."""
        self._places.pop(place, None)

    def attend(self, connection: Connection, then: Callable[[], None]) -> None:
        """Call something once a connection has something to read, or is closed at its other end."""
        self._attended[connection] = then

    def halt(self) -> None:
        """Start nothing any more; what runs goes on, and nothing else is attended to."""
        self._halted = True
        self._queue.clear()
        self._attended.clear()

    def running(self) -> list[QueuedScenario]:
        """Return what runs."""
        return [worker.waiting for worker in self._running]

    def drain(self) -> None:
        """Take in what the processes have said, without waiting for more."""
        while self._running and self._listen(0.0):
            pass

    def stop(self, waits: Waits = contextlib.nullcontext) -> None:
        """Interrupt what runs, and wait until it has cleaned up; nothing is started any more.

        Args:
            waits: is entered for each wait; once it raises KeyboardInterrupt, what is not over is ended.
        """
        self.halt()
        for worker in self._running:
            worker.process.terminate()
        deadline = time.monotonic() + _CLEAN_UP_SECONDS
        self._waits = waits
        with contextlib.suppress(KeyboardInterrupt):
            while self._running and time.monotonic() < deadline:
                self._listen(_LOOK_SECONDS)
        for worker in self._running:
            self.cut_short.append(CutShort(worker.waiting, worker.namespaces))
            worker.process.kill()
            worker.process.join(_KILL_SECONDS)
        self._running.clear()

    def _start(self, wanted: str) -> None:
        """Start what can be, and what is asked for first.

        Nothing is kept back for what is asked for while that cannot start: workers would be idle meanwhile.
        """
        for waiting in sorted(self._queue, key=lambda each: each.node != wanted):
            if len(self._running) >= self._number:
                return
            running = [(worker.waiting.place, worker.waiting.conflicts) for worker in self._running]
            place = place_for(waiting.conflicts, [*self._places], running)
            if place is not None:
                self._queue.remove(waiting)
                self._fork(replace(waiting, place=place))

    def _fork(self, waiting: QueuedScenario) -> None:
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(
            target=_work,
            args=(waiting.file, self._places[waiting.place], ours, theirs),
            name=waiting.file.name,
            daemon=True,
        )
        process.start()
        theirs.close()
        latest = time.monotonic() + waiting.seconds + _CLEAN_UP_SECONDS
        self._running.append(_Worker(waiting, process, ours, latest))

    def _listen(self, seconds: float) -> bool:
        """Take in what the processes say within some time; return whether any said something."""
        by_connection = {worker.connection: worker for worker in self._running}
        interrupts.raise_ignored()
        began = time.monotonic()
        with self._waits():
            said = wait([*by_connection, *self._attended], seconds)
        late = time.monotonic() - began - seconds
        if late >= FROZEN_SECONDS:
            # This process did not run, and those of the scenarios hardly did.
            self._running = [replace(worker, latest=worker.latest + late) for worker in self._running]
            by_connection = {worker.connection: worker for worker in self._running}
        for ready in said:
            if then := self._attended.pop(ready, None):  # type: ignore[call-overload]
                then()
                continue
            # A message that is read in part ends what the process has to say, and one that is read is kept.
            with interrupts.put_off(waits=False):
                self._take_in(by_connection[ready])  # type: ignore[index]
        for worker in [worker for worker in self._running if time.monotonic() > worker.latest]:
            self._end_by_force(worker)
        return bool(said)

    def _take_in(self, worker: _Worker) -> None:
        try:
            what, arguments = worker.connection.recv()
        except (EOFError, OSError):
            self._lost(worker)
            return
        if what == _ENDED:
            self._end(worker, arguments)
            return
        if what == Observer.owns.__name__:
            worker.namespaces.extend(*arguments)
        self._observer.turn_to(worker.waiting.file.name)
        getattr(self._observer, what)(*arguments)

    def _end_by_force(self, worker: _Worker) -> None:
        """End a process that its own timeout does not: it swallows what interrupts it, or is stuck."""
        worker.process.kill()
        name, timeout = worker.waiting.file.name, text_of(round(worker.waiting.seconds))
        error = ProcessLostError(
            f"the process of {name} was ended by force: its timeout of {timeout} did not end it",
            next_step="look for what does not let it go on, such as a loop in the scenario's own code",
            namespaces=worker.namespaces,
        )
        self._end(worker, error)

    def _end(self, worker: _Worker, ended: ScenarioResult | BaseException) -> None:
        self._running.remove(worker)
        worker.process.join(_KILL_SECONDS)
        if worker.waiting.file.script is not None and worker.process.pid is not None:
            end_group(worker.process.pid)
        worker.connection.close()
        if self._tell_ended(worker.waiting, ended) and not self._halted:
            self._queue.append(replace(worker.waiting, conflicts=Conflicts(alone=ALONE)))
        else:
            self._ended[worker.waiting.node] = ended

    def _lost(self, worker: _Worker) -> None:
        worker.process.join(_KILL_SECONDS)
        code = worker.process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        self._end(
            worker,
            ProcessLostError(
                f"the process of {worker.waiting.file.name} ended before the scenario did: {how}",
                next_step="look for what ended it: the kernel for want of memory (dmesg), or its own code",
                namespaces=worker.namespaces,
            ),
        )


_ENDED = ""
"""In place of a method of the observer: the scenario's process has nothing more to say."""


class _Teller(Observer):
    """Tells the parent what it is told; without the evidence, which nobody shows while it runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._heard = True

    def scenario(self, name: str, steps: Sequence[str]) -> None:
        self._tell("scenario", name, list(steps))

    def owns(self, namespaces: Sequence[str]) -> None:
        self._tell("owns", list(namespaces))

    def step(self, index: int, title: str) -> None:
        self._tell("step", index, title)

    def waiting(self, what: str) -> None:
        self._tell("waiting", what)

    def judged(self, verdicts: Sequence[Pending | Finding], scrapes: int) -> None:
        self._tell("judged", [_short(each) for each in verdicts], scrapes)

    def ended(self, result: ScenarioResult) -> None:
        self._tell("ended", result)

    def _tell(self, what: str, *arguments: Any) -> None:
        if not self._heard:
            return
        try:
            self._connection.send((what, arguments))
        except OSError as error:
            # The run was killed. The clean-up that follows tells things too, and must not end at that.
            self._heard = False
            raise KeyboardInterrupt("the run has ended") from error


def _short(verdict: Pending | Finding) -> Pending | Finding:
    if isinstance(verdict, Pending):
        return verdict
    return verdict.model_copy(update={"evidence": {}, "explanation": [], "actual": []})


def _work(file: ScenarioFile, perform: Perform, ours: Connection, theirs: Connection) -> None:
    """Be the process of a scenario: run it, tell how it goes on, and in the end what it came to."""
    ours.close()
    # Ctrl-C goes to all processes of a terminal; the parent passes it on, once.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, interrupt_once)
    ended: ScenarioResult | BaseException
    me = os.getpid()
    if file.script is not None:
        be_bounded(MOST_MEMORY)
    try:
        ended = perform(file, _Teller(theirs))
    except ScenarioInterruptedError as interrupted:
        ended = interrupted.result if interrupted.finished else interrupted
    except BaseException as error:
        error.add_note("".join(traceback.format_exception(error)))
        ended = _sendable(error)
    if os.getpid() != me:
        # A script has forked, and its child came to the end of the scenario, too.
        os._exit(1)
    with contextlib.suppress(OSError):
        theirs.send((_ENDED, ended))
    theirs.close()
    # What was forked with the parent's memory is the parent's to close and to flush.
    os._exit(0)


def _sendable(error: BaseException) -> BaseException:
    """Return an exception that arrives: many cannot be sent, or not be made again of what was sent."""
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:
        return RuntimeError("\n".join(getattr(error, "__notes__", [str(error)])))
    return error
