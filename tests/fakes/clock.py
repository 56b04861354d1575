"""A clock that only moves when somebody waits."""

import heapq

from harness.runner.clock import Clock


class FakeClock(Clock):
    """Stands in for the clock of a run, and for the module `time` of the runner."""

    offset = 0.25
    uncertainty = 0.001

    def __init__(self, time=1_000_000.0):
        self.time = time
        self.slept = []
        self._due = []
        self._order = 0

    def now(self):
        return self.time

    monotonic = working = now

    def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.advance(seconds)

    def advance(self, seconds):
        """Move on, and do what is due meanwhile at its own time."""
        end = self.time + seconds
        while self._due and self._due[0][0] <= end:
            self.time, _, call = heapq.heappop(self._due)
            call()
        self.time = end

    def at(self, time, call):
        self._order += 1
        heapq.heappush(self._due, (time, self._order, call))

    def after(self, seconds, call):
        self.at(self.time + seconds, call)

    def every(self, interval, first, call):
        def again():
            self.at(self.time + interval, again)
            call()

        self.at(first, again)
