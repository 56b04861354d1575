"""Observes whether a scenario's process, and the cluster, are able to act while it runs.

A thread comes four times a second and sees how late it is; once a second it gives the CPU a little work and
sees how long that had to wait; another one asks the cluster something that goes through the API server and a
kubelet to the container runtime. What is out of all proportion becomes a `Stretch` of the recording, and
takes no part in bounds in seconds (harness/base/working_time.py).
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.base.working_time import FROZEN_SECONDS, WORKING_TIME
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import ApiError, UnreachableError
from harness.recording.overload import Stretch, What

BEAT_SECONDS = 0.25
STARVED_TIMES = 5.0
"""The CPU is overloaded when work takes so many times as long as it needs, for STARVED_SECONDS or more.

On two CPUs that was so from about fifteen processes on that wanted to run; Chaos Mesh then took 20 s for
what it does in one, and its scrapes timed out. With a dozen the usual is 1 to 3."""
STARVED_SECONDS = 3.0
BUSY_TIMES = 2.0
"""So slow the CPU is also noted: it matters where scrapes timed out meanwhile."""
SLOW_ANSWER_SECONDS = 3.0
"""An answer of the API server and a kubelet takes some hundredths of a second."""
MOST_EXTENSION_SECONDS = 120.0
"""By so much all bounds of a scenario together are put off while the machine is busy. Time in which the
process did not run at all is over when it runs again, and needs no limit."""

_WORK = bytes(4 << 20)
"""Hashing it takes about a hundredth of a second of CPU, and does not hold the interpreter's lock."""
_WORK_EVERY = 4
_WORK_KEPT = 3
_ASK_SECONDS = 2.0
_ASK_TIMEOUT = 10.0
_END_SECONDS = 1.0
_SCHEDSTAT = Path("/proc/thread-self/schedstat")
_STAT = Path("/proc/stat")
_NANOSECONDS = 1e9


class Vitals:
    """What tells the runner about overload; this one observes nothing."""

    def start(self) -> None:
        """Begin to observe."""

    def stop(self) -> None:
        """End that."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def take(self) -> list[Stretch]:
        """Return the stretches since the last call, on this machine's clock; one that lasts is cut in two."""
        return []


@dataclass
class _Open:
    began: float
    worst: float
    least: float


class Pulse:
    """Makes stretches of beats, of how work fared, and of the cluster's answers; keeps no time of its own.

    Times are seconds: `monotonic`, and `wall` since the epoch. May be used by several threads.
    """

    def __init__(self, monotonic: float, wall: float, lose: Callable[[float], None]) -> None:
        """Begin.

        Args:
            monotonic: now.
            wall: now.
            lose: is told seconds that bounds should not count; see WorkingTime.
        """
        self._lock = threading.Lock()
        self._lose = lose
        self._beat = (monotonic, wall)
        self._work: deque[float] = deque(maxlen=_WORK_KEPT)
        self._asked: float | None = None
        self._frozen = 0.0
        self._lasting: dict[What, _Open] = {}
        self._done: list[Stretch] = []
        self._extension = 0.0

    def beat(self, monotonic: float, wall: float) -> None:
        """Take in that the observer came, BEAT_SECONDS after the last time or later."""
        with self._lock:
            passed = monotonic - self._beat[0]
            # A machine that was suspended has a monotonic clock that did not go on.
            late = max(passed, wall - self._beat[1]) - BEAT_SECONDS
            if late >= FROZEN_SECONDS:
                self._done.append(Stretch("frozen", wall - late, wall, late))
                self._frozen += late
            elif self._lasting.keys() - {"busy"}:
                self._put_off(passed)
            self._beat = (monotonic, wall)
            if self._asked is not None and self._waited(wall) >= SLOW_ANSWER_SECONDS:
                self._go_on("cluster", wall - self._waited(wall), self._waited(wall))

    def worked(self, wall: float, times: float) -> None:
        """Take in how many times as long as it needs some work took."""
        with self._lock:
            self._work.append(times)
            usual = sum(self._work) / len(self._work)
            began = wall - _WORK_KEPT * _WORK_EVERY * BEAT_SECONDS
            limits: tuple[tuple[What, float], ...] = (("cpu", STARVED_TIMES), ("busy", BUSY_TIMES))
            for what, limit in limits:
                if len(self._work) == _WORK_KEPT and usual >= limit:
                    self._go_on(what, began, usual, STARVED_SECONDS)
                else:
                    self._end(what, wall)

    def asked(self, wall: float) -> None:
        """Take in that the cluster was asked something."""
        with self._lock:
            self._asked, self._frozen = wall, 0.0

    def answered(self, monotonic: float, wall: float, *, reached: bool) -> None:
        """Take in its answer, or that there is none."""
        self._catch_up(monotonic, wall)
        with self._lock:
            took = self._waited(wall)
            self._asked = None
            if not reached or took >= SLOW_ANSWER_SECONDS:
                lasting = self._lasting.get("cluster")
                began = lasting.began if lasting is not None else wall - took
                self._go_on("cluster", began, max(took, wall - began))
            if reached:
                self._end("cluster", wall)

    def take(self, monotonic: float, wall: float) -> list[Stretch]:
        """See Vitals."""
        self._catch_up(monotonic, wall)
        with self._lock:
            found, self._done = self._done, []
            for what, lasting in self._lasting.items():
                if wall - lasting.began >= max(lasting.least, BEAT_SECONDS):
                    found.append(Stretch(what, lasting.began, wall, lasting.worst))
                    # A busy CPU is noted every few seconds only, as it may last for a whole run.
                    lasting.began, lasting.least = wall, lasting.least if what == "busy" else 0.0
            return found

    def _catch_up(self, monotonic: float, wall: float) -> None:
        """Take in that this process did not run, where another thread wakes up before the observer does."""
        if wall - self._beat[1] - BEAT_SECONDS >= FROZEN_SECONDS:
            self.beat(monotonic, wall)

    def _waited(self, wall: float) -> float:
        """Return for how long an answer is out, without the time in which this process did not run."""
        return 0.0 if self._asked is None else wall - self._asked - self._frozen

    def _go_on(self, what: What, began: float, worst: float, least: float = 0.0) -> None:
        lasting = self._lasting.get(what)
        if lasting is None:
            self._lasting[what] = _Open(began, worst, least)
            if what != "busy":
                self._put_off(self._beat[1] - began)
        else:
            lasting.worst = max(lasting.worst, worst)

    def _end(self, what: What, wall: float) -> None:
        lasting = self._lasting.pop(what, None)
        if lasting is not None and wall - lasting.began >= max(lasting.least, BEAT_SECONDS):
            self._done.append(Stretch(what, lasting.began, wall, lasting.worst))

    def _put_off(self, seconds: float) -> None:
        seconds = min(max(seconds, 0.0), MOST_EXTENSION_SECONDS - self._extension)
        if seconds > 0:
            self._extension += seconds
            self._lose(seconds)


class ThreadedVitals(Vitals):
    """Observes this process and a cluster, in threads."""

    def __init__(self, cluster: Cluster, nodes: Sequence[str]) -> None:
        """Prepare.

        Args:
            cluster: is asked for what runs on a node.
            nodes: the names of its nodes; each is asked in turn.
        """
        self._cluster = cluster
        self._nodes = list(nodes)
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pulse: Pulse | None = None

    def start(self) -> None:
        """Begin to observe."""
        self._pulse = Pulse(time.monotonic(), time.time(), WORKING_TIME.lose)
        for name, target in (("pulse", self._follow), ("cluster", self._ask)):
            thread = threading.Thread(target=target, args=(self._pulse,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End that; a request that is on its way is not waited for."""
        self._stopped.set()
        for thread in self._threads[:1]:
            thread.join(_END_SECONDS)

    def take(self) -> list[Stretch]:
        """See Vitals."""
        if self._pulse is None:
            return []
        return self._pulse.take(time.monotonic(), time.time())

    def _follow(self, pulse: Pulse) -> None:
        beats, work = 0, Work()
        try:
            while True:
                WORKING_TIME.next_beat(time.monotonic() + BEAT_SECONDS)
                if self._stopped.wait(BEAT_SECONDS):
                    return
                pulse.beat(time.monotonic(), time.time())
                beats += 1
                if beats % _WORK_EVERY == 0:
                    pulse.worked(time.time(), work.times())
        finally:
            WORKING_TIME.next_beat(None)

    def _ask(self, pulse: Pulse) -> None:
        turn = 0
        while self._nodes and not self._stopped.wait(_ASK_SECONDS):
            path = f"/api/v1/nodes/{self._nodes[turn % len(self._nodes)]}/proxy/runningpods/"
            turn += 1
            pulse.asked(time.time())
            reached = True
            try:
                self._cluster.text(path, timeout=_ASK_TIMEOUT)
            except UnreachableError:
                reached = False
            except ApiError:
                # It refuses: an answer all the same.
                pass
            pulse.answered(time.monotonic(), time.time(), reached=reached)


class Work:
    """Gives the CPU some work again and again."""

    def __init__(self) -> None:
        self._best = math.inf
        self._stolen = _stolen()

    def times(self) -> float:
        """Return how many times as long as it needs the work took, or the time since the last call."""
        before = _waited()
        began, used = time.monotonic(), time.thread_time()
        hashlib.sha256(_WORK).digest()
        used = max(time.thread_time() - used, 1e-4)
        after = _waited()
        # Of a virtual machine that has to wait for its host some kernels count that as time used.
        self._best = min(self._best, used)
        if before is not None and after is not None:
            # The kernel's own account, in which waiting for another thread of this process has no part.
            times = (used + after - before) / self._best
        else:
            times = (time.monotonic() - began) / self._best
        return max(times, self._of_the_host())

    def _of_the_host(self) -> float:
        """Return how many times as long everything took since the last call, as the host gave no CPU."""
        last, self._stolen = self._stolen, _stolen()
        if last is None or self._stolen is None:
            return 1.0
        stolen, ran = self._stolen[0] - last[0], self._stolen[1] - last[1]
        return (stolen + ran) / ran if ran > 0 else 1.0


def _stolen() -> tuple[float, float] | None:
    """Return the ticks that a virtual machine's host took away, and those in which it ran; None without."""
    try:
        user, nice, system, _, _, irq, softirq, steal = (
            float(word) for word in _STAT.read_text(encoding="ascii").split(maxsplit=9)[1:9]
        )
    except (OSError, ValueError):
        return None
    return steal, user + nice + system + irq + softirq


def _waited() -> float | None:
    """Return for how long (seconds) this thread had no CPU and could have run; None where nobody says."""
    try:
        return int(_SCHEDSTAT.read_text(encoding="ascii").split()[1]) / _NANOSECONDS
    except (OSError, ValueError, IndexError):
        return None
