"""How much counters grew since before a step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from harness.judge.kind import Increase
from harness.judge.state import SeriesState
from harness.judge.sweep import Selection
from harness.recording.series import Series


@dataclass
class _Growth:
    """How far the increase of a series has been followed.

    Attributes:
        increase: until then.
        began: the baseline's scrape.
        until: the time of the last sample that was taken in, or that there was none to take in.
        newest: the time of the newest sample since the baseline, or in it; None without any.
    """

    increase: Increase
    began: float
    until: float
    newest: float | None


@dataclass
class Increases:
    """The increases of selected series; each state goes on where the one before ended."""

    selection: Selection
    _known: dict[Series, _Growth] = field(default_factory=dict)

    def since(self, baseline: SeriesState, state: SeriesState) -> list[Increase]:
        """Return the increase of each selected series from the baseline to a state.

        Every sample in between counts, those of scrapes that are in no state too. A value below the one
        before it is a reset: the counter grew from 0 to it. A series that its target did not have at the
        baseline began at 0. One that vanishes keeps the increase that was seen; so does one whose target
        is gone.
        """
        found: list[Increase] = []
        for target, scrape in baseline.scrapes.items():
            now = state.scrapes.get(target)
            # Of a target that is gone, or does not take part again yet, nothing newer is sure to be here.
            until = now.time if now else state.time - self.selection.recording.manifest.interval
            for series in self.selection.series.get(target, []):
                growth = self._follow(series, scrape.time, until)
                if growth.newest is None:
                    continue
                vanished = now is None or growth.newest < now.time
                increase = growth.increase
                found.append(
                    replace(increase, resets=[*increase.resets], vanished=growth.newest if vanished else None)
                )
        return found

    def _follow(self, series: Series, began: float, until: float) -> _Growth:
        growth = self._known.get(series)
        if growth is None or growth.began != began or until < growth.until:
            at_baseline = series.at(began)
            value = at_baseline or 0.0
            increase = Increase(series.own_labels, baseline=value, last=value, amount=0.0)
            newest = None if at_baseline is None else began
            if value < 0:
                increase.below = (began, value)
            growth = self._known[series] = _Growth(increase, began, began, newest)
        increase = growth.increase
        for time, value in series.between(growth.until, until):
            before, increase.last = increase.last, value
            if value < 0 and increase.below is None:
                increase.below = (time, value)
            if value < before:
                increase.resets.append((time, before, value))
                increase.amount += value
            else:
                increase.amount += value - before
            growth.newest = time
        growth.until = max(growth.until, until)
        return growth
