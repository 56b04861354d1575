"""Tells a wait that was in vain from one in which the harness or the cluster could not act."""

from __future__ import annotations

from dataclasses import replace

from harness.base.errors import InfrastructureError
from harness.judge.overload import Overload, observed, summed_up
from harness.recording.overload import Stretch
from harness.runner.clock import Clock
from harness.runner.recorder import Recorder
from harness.runner.vitals import Vitals


class InconclusiveError(InfrastructureError):
    """A step was waited for in vain while the harness or the cluster could not act: nothing is known."""


class OverloadMonitor:
    """Records when this process or the cluster was not able to act."""

    def __init__(self, vitals: Vitals, recorder: Recorder, clock: Clock, interval: float) -> None:
        self._recorder = recorder
        self._clock = clock
        self._interval = interval
        self._stretches: list[Stretch] = []
        self.vitals = vitals

    def record(self) -> None:
        """Record what was observed up to now."""
        for stretch in self._take():
            self._recorder.add(stretch.note())

    def since(self, began: float) -> Overload | None:
        """Return what there was since a time (seconds) that is enough to matter; nothing is recorded."""
        self._take()
        return summed_up(self._stretches, began, self._clock.now(), self._interval)

    def explain(self, began: float, error: InfrastructureError) -> InfrastructureError:
        """Return the error of a wait that was in vain, or the one that says what kept all from acting."""
        self.record()
        overload = observed(self._recorder.recording, began, self._clock.now())
        if overload is None:
            return error
        return InconclusiveError(
            f"{overload.text()}: {error.problem}",
            next_step="run it again on a machine that has less to do",
            details=error.details,
        )

    def _take(self) -> list[Stretch]:
        offset = self._clock.offset
        new = [
            replace(each, began=each.began + offset, ended=each.ended + offset) for each in self.vitals.take()
        ]
        self._stretches += new
        return new
