"""Draws how the delays of each metric are spread over the scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.html.svg import SERIES_COLOURS, Drawing, DrawingLayer, Path, clean, marks, ticks
from harness.report.html.visibility import Spread

_LEFT, _RIGHT, _ROW, _TOP, _FOOT = 350.0, 980.0, 20.0, 4.0, 36.0


def plot(spreads: Sequence[Spread], label: str) -> Drawing:
    """Return one row for each spread: a dot for each delay, a bar at the median."""
    bottom = _TOP + _ROW * len(spreads)
    drawn = Drawing(1000.0, bottom + _FOOT, label)
    last = max([*(each.seconds[-1] for each in spreads), 1.0]) * 1.05

    def at(seconds: float) -> float:
        return _LEFT + seconds / last * (_RIGHT - _LEFT)

    for tick in ticks(0, last, 9):
        drawn.text(at(tick), bottom + 8, f"{tick:g}", "muted", "middle")
    drawn.text((_LEFT + _RIGHT) / 2, bottom + 21.5, "seconds", "muted", "middle")
    drawn.stroke((_LEFT, _TOP), (_LEFT, bottom), "line")
    drawn.stroke((_LEFT, bottom), (_RIGHT, bottom), "line")
    for row, each in enumerate(spreads):
        middle = _TOP + (row + 0.5) * _ROW
        drawn.stroke((_LEFT, middle), (_RIGHT, middle), "line", 0.6)
        drawn.text(_LEFT - 8, middle, clean(each.metric, 60), anchor="end")
        # One by one: where several lie upon each other it is darker.
        dots = [marks("circle", 5, [(at(seconds), middle)]) for seconds in each.seconds]
        told = ", ".join(f"{delay.scenario} {delay.seconds:.2f} s" for delay in each.delays[:20])
        drawn.add(
            DrawingLayer.SERIES, *(Path(dot, fill=SERIES_COLOURS[0], opacity=0.7) for dot in dots), tip=told
        )
        bar = Path(marks("tick", 14, [(at(each.median), middle)]), stroke="fg", width=2)
        drawn.add(DrawingLayer.SERIES, bar, tip=f"median {each.median:.2f} s")
    return drawn
