"""How much counters grew since before a step."""

from __future__ import annotations

from bisect import bisect_right

from harness.judge.kind import Increase
from harness.judge.state import State
from harness.judge.sweep import Selection


def increases(selection: Selection, baseline: State, state: State) -> list[Increase]:
    """Return the increase of each selected series from the baseline to a state.

    Every sample in between counts, those of scrapes that are in no state too. A value below the one
    before it is a reset: the counter grew from 0 to it. A series that its target did not have at the
    baseline began at 0. One that vanishes keeps the increase that was seen; so does one whose target
    is gone.
    """
    found: list[Increase] = []
    for target, scrape in baseline.scrapes.items():
        now = state.scrapes.get(target)
        # Of a target that is gone, or is back and does not take part yet, nothing newer is sure to be here.
        until = now.time if now else state.time - selection.recording.manifest.interval
        for labels, series in selection.series.get(target, []):
            at_baseline = series.at(scrape.time)
            first = bisect_right(series.times, scrape.time)
            last = bisect_right(series.times, until)
            if at_baseline is None and first == last:
                continue
            value = at_baseline or 0.0
            increase = Increase(labels, baseline=value, last=value, amount=0.0)
            for index in range(first, last):
                before, value = value, series.values[index]
                if value < before:
                    increase.resets.append((series.times[index], before, value))
                    increase.amount += value
                else:
                    increase.amount += value - before
            increase.last = value
            newest = series.times[last - 1]
            if now is None or newest < now.time:
                increase.vanished = newest
            found.append(increase)
    return found
