"""Draws the timeline of a scenario: steps, chaos, and below them what each metric did."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.base.words import nth_step
from harness.judge.finding import Verdict
from harness.report.html.bands import Band
from harness.report.html.svg import (
    SERIES_COLOURS,
    Drawing,
    DrawingLayer,
    Mark,
    Path,
    clean,
    marks,
    rectangle,
    steps,
    ticks,
)
from harness.report.html.timeline import Line, Points, Tick, Timeline, TimelinePanel, Window
from harness.report.values import axis_texts

WIDTH = 1000.0
_LEFT, _RIGHT = 56.0, 262.0
"""Room for the values beside the axis, and for the names of the series."""
_INNER = WIDTH - _LEFT - _RIGHT
_TOP, _STEP, _BAND, _FOOT = 6.0, 20.0, 18.0, 40.0
_TITLE, _PLOT, _SCRAPES, _WINDOW, _GAP = 17.0, 64.0, 11.0, 14.0, 8.0
_FLAT = 30.0
"""The height of a panel in which no value changes."""
_INSIDE = 0.1
"""Room above the highest value and below the lowest one, as a fraction of a panel's height."""
_LABEL_APART = 11.5
_SIGN = 5.6
"""About how wide a sign of a label is."""
_BESIDE = _LEFT + 1.015 * _INNER
"""Where names begin."""
_MOST_SIGNS = 44
MARKS: dict[Verdict, Mark] = {
    Verdict.PASS: "circle",
    Verdict.FAIL: "cross",
    Verdict.KNOWN_ISSUE: "diamond",
    Verdict.ERROR: "square",
    Verdict.SKIPPED: "circle",
}


def plot(shown: Timeline, label: str) -> Drawing:
    """Return the picture of a timeline."""
    return _Plot(shown, label).draw()


class _Plot:
    def __init__(self, shown: Timeline, label: str) -> None:
        self.shown = shown
        head = _STEP + _BAND * len(shown.bands) + _GAP
        self.bottom = _TOP + head + sum(_height(panel) for panel in shown.panels)
        self.zero = shown.steps[0].began
        self.began, self.ended = shown.began, shown.ended + 0.2
        self.drawing = Drawing(WIDTH, self.bottom + _FOOT, label)

    def draw(self) -> Drawing:
        """Return all of it."""
        self._seconds()
        top = self._head()
        for panel in self.shown.panels:
            self._panel(panel, top)
            top += _height(panel)
        return self.drawing

    def _x(self, time: float) -> float:
        """Return the place of a time; what lies beyond the axes is at their end."""
        within = min(max(time, self.began), self.ended)
        return _LEFT + (within - self.began) / (self.ended - self.began) * _INNER

    def _shows(self, began: float, ended: float) -> bool:
        return began <= self.ended and ended >= self.began

    def _named(self, y: float, text: str, colour: str, tip: str = "") -> None:
        """Write beside the panels what a line or a bar is."""
        self.drawing.text(_BESIDE, y, clean(text, _MOST_SIGNS), colour, tip=tip)

    def _seconds(self) -> None:
        for tick in ticks(self.began - self.zero, self.ended - self.zero, 12):
            self.drawing.text(self._x(self.zero + tick), self.bottom + 10, f"{tick:g}", "muted", "middle")
        told = "seconds since the first step began"
        self.drawing.text(_LEFT + _INNER / 2, self.bottom + 26, told, "muted", "middle")

    def _head(self) -> float:
        """Draw steps and chaos; return where the panels begin."""
        for step in self.shown.steps:
            self._box(step.began, step.ended, _TOP + 2, _STEP - 5, "step", 0.5, edge="line")
            tip = f"{nth_step(step.index)}: {step.title}"
            self._inside(step.began, step.ended, _TOP + _STEP / 2, f"{step.index + 1} {step.title}", tip)
        self._named(_TOP + _STEP / 2, "steps", "muted")
        top = _TOP + _STEP
        for band in self.shown.bands:
            self._band(band, top)
            top += _BAND
        return top + _GAP

    def _box(
        self,
        began: float,
        ended: float,
        top: float,
        height: float,
        colour: str,
        opacity: float,
        *,
        edge: str = "",
        tip: str = "",
    ) -> None:
        if not self._shows(began, ended):
            return
        left, right = self._x(began), self._x(max(ended, began + 0.01))
        if right > left:
            path = Path(rectangle(left, top, right - left, height), colour, edge, 0.8, opacity=opacity)
            self.drawing.add(DrawingLayer.AREA, path, tip=tip)

    def _inside(self, began: float, ended: float, middle: float, text: str, tip: str) -> None:
        """Write a text into a box, as much of it as fits."""
        most = int((self._x(ended) - self._x(began) - 4) / _SIGN)
        if most < 1:
            return
        shown = clean(text, most) if most > 2 else text[0]
        self.drawing.text(self._x(began), middle, shown, tip=tip)

    def _band(self, band: Band, top: float) -> None:
        name = f"{band.kind} {band.name}"
        tip = f"{name}: exists from {self._at(band.began)} to {self._at(band.ended)}"
        self._box(band.began, band.ended, top + 6, _BAND - 12, "chaos", 0.3, tip=tip)
        for began, ended in band.injected:
            tip = f"{name}: injected from {self._at(began)} to {self._at(ended)}"
            self._box(began, ended, top + 3, _BAND - 6, "chaos", 0.8, tip=tip)
            self._box(began, ended, top + _BAND, self.bottom - top - _BAND, "chaos", 0.1)
        for moment in band.moments:
            if not self._shows(moment.time, moment.time):
                continue
            at = self._x(moment.time)
            self.drawing.stroke((at, top + 5), (at, top + _BAND - 5), "fg")
        told = ", ".join(f"{moment.reason} {self._at(moment.time)}" for moment in band.moments)
        self._named(top + _BAND / 2, name, "chaos", f"{name}: {told}")

    def _at(self, time: float) -> str:
        return f"{time - self.zero:.2f} s"

    def _panel(self, panel: TimelinePanel, top: float) -> None:
        title = clean(panel.subject, 100) + ("  (growth since the first sample)" if panel.growth else "")
        self.drawing.title(_LEFT, top + _TITLE - 4, title)
        top += _TITLE
        height = _plot_height(panel)
        bottom = top + height
        self.drawing.stroke((_LEFT, bottom), (_LEFT + _INNER, bottom), "line")
        for at in (_LEFT, *(self._x(step.began) for step in self.shown.steps)):
            self.drawing.stroke((at, top), (at, bottom), "line")
        scale = _Scale(_finite(panel.lines) + [0.0] * panel.growth, top, height)
        for value, text in zip(scale.marked, axis_texts(panel.valued, scale.marked), strict=True):
            self.drawing.text(_LEFT - 5.5, scale.at(value), text, "muted", "end")
        for index, line in enumerate(panel.lines):
            self._line(line, scale, SERIES_COLOURS[index % len(SERIES_COLOURS)])
        self._names(panel, scale, top, height)
        self._scrapes(panel, bottom + 6)
        self._windows(panel, bottom + _SCRAPES)

    def _line(self, line: Line, scale: _Scale, colour: str) -> None:
        points = [(self._x(time), scale.at(value)) for time, value in self._visible(line.points)]
        if line.oracle:
            along = Path(steps(points), stroke=colour, width=1.6, dashes="4.8 3.2")
            on = Path(marks("thin diamond", 3, points), stroke=colour)
        else:
            along = Path(steps(points), stroke=colour, width=1.6)
            on = Path(marks("circle", 3.6, points), fill=colour, stroke=colour)
        self.drawing.add(DrawingLayer.SERIES, along, on, tip=line.label or "the only series")

    def _visible(self, points: Points) -> Points:
        """Return the points between the axes, and the last one before them, whose value still holds there."""
        before = [point for point in points if point[0] < self.began]
        return before[-1:] + [point for point in points if self.began <= point[0] <= self.ended]

    def _names(self, panel: TimelinePanel, scale: _Scale, top: float, height: float) -> None:
        """Write each series' name at the height where it ends, but not over another."""
        bottom = top + height
        wanted = []
        for index, line in enumerate(panel.lines):
            values = _finite([line])
            wanted.append((bottom - scale.at(values[-1]) if values else 0.0, index))
        wanted.sort()
        for place, (_, index) in zip(_apart([at for at, _ in wanted], height), wanted, strict=True):
            label = panel.lines[index].label
            colour = SERIES_COLOURS[index % len(SERIES_COLOURS)]
            self._named(bottom - place, label or "value", colour, label or "the only series")
        if not panel.lines:
            self._named(top + height / 2, "no series", "muted")
        elif panel.left_out:
            self._named(top - 9, f"and {panel.left_out} more series", "muted")

    def _scrapes(self, panel: TimelinePanel, place: float) -> None:
        """Mark each scrape below a panel: with a series, without any, failed."""
        looks: list[tuple[Mark, str, float, list[Tick]]] = [
            ("tick", "muted", 5, [tick for tick in panel.ticks if tick.up and tick.present]),
            ("circle", "muted", 2.6, [tick for tick in panel.ticks if tick.up and not tick.present]),
            ("x", "failed", 4.5, [tick for tick in panel.ticks if not tick.up]),
        ]
        for mark, colour, size, found in looks:
            if found:
                seen = [tick.time for tick in found if self._shows(tick.time, tick.time)]
                path = marks(mark, size, [(self._x(time), place) for time in seen])
                self.drawing.add(DrawingLayer.SERIES, Path(path, stroke=colour, width=0.8))
        if panel.ticks:
            self._named(place, "scrapes", "muted")

    def _windows(self, panel: TimelinePanel, top: float) -> None:
        """Draw each expectation's window below the scrapes, with a mark at its decision."""
        for index, window in enumerate(panel.windows):
            place = top + (index + 0.5) * _WINDOW
            colour = window.verdict.value
            began, decided = self._x(window.began), self._x(window.decided)
            until = self._x(min(window.deadline or 0.0, self.ended))
            if window.verdict is not Verdict.PASS and until > decided:
                self.drawing.stroke((decided, place), (until, place), colour, 1.4, "1.4 2.3")
            self.drawing.stroke((began, place), (decided, place), colour, 4, opacity=0.5)
            scrapes = [tick.time for tick in panel.ticks if tick.time <= window.decided]
            if scrapes and self._shows(scrapes[-1], scrapes[-1]):
                self._deciding(max(scrapes), place, top - _SCRAPES, window)
            mark = marks(MARKS[window.verdict], 6, [(decided, place)])
            self.drawing.add(DrawingLayer.SERIES, Path(mark, fill=colour))
            verdict = window.verdict.value.replace("_", " ")
            self._named(place, f"{nth_step(window.step)}: {window.kind}: {verdict}", colour, window.text)

    def _deciding(self, time: float, place: float, ticks_end: float, window: Window) -> None:
        """Mark the scrape that decided: a ring around it, and a line to the expectation's bar."""
        at, ring = self._x(time), ticks_end + 6
        colour = window.verdict.value
        path = Path(marks("circle", 9, [(at, ring)]), stroke=colour, width=1.2)
        self.drawing.add(DrawingLayer.SERIES, path, tip=f"decided by the scrape at {self._at(time)}")
        self.drawing.stroke((at, ring + 4.5), (at, place), colour, 0.8, opacity=0.6)


class _Scale:
    """Where the values of a panel are.

    Attributes:
        marked: the values that are written beside it.
    """

    def __init__(self, values: Sequence[float], top: float, height: float) -> None:
        self.marked = sorted({min(values), max(values)}) if values else []
        self._middle = top + height / 2
        self._height = height * (1 - 2 * _INSIDE)
        # Halves, as the difference of two numbers can be too large for one.
        low, high = (self.marked[0] / 2, self.marked[-1] / 2) if values else (0.0, 0.0)
        self._centre, self._range = low + high, high - low

    def at(self, value: float) -> float:
        """Return the pixel of a value; NaN, and what is infinite, is nowhere."""
        if not math.isfinite(value):
            return math.nan
        return self._middle - (value / 2 - self._centre / 2) / (self._range or 1.0) * self._height


def _plot_height(panel: TimelinePanel) -> float:
    names = len(panel.lines) * _LABEL_APART
    flat = len({*_finite(panel.lines), *([0.0] * panel.growth)}) < 2
    return max(_FLAT if flat else _PLOT, names)


def _height(panel: TimelinePanel) -> float:
    return _TITLE + _plot_height(panel) + _SCRAPES + _WINDOW * len(panel.windows) + _GAP


def _finite(lines: Sequence[Line]) -> list[float]:
    return [value for line in lines for _, value in line.points if math.isfinite(value)]


def _apart(wanted: Sequence[float], height: float) -> list[float]:
    """Return places near the wanted ones, ascending as they are, and far enough apart to read."""
    placed: list[float] = []
    for place in wanted:
        placed.append(max(place, placed[-1] + _LABEL_APART) if placed else max(place, 4.0))
    limit = height - 4
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], limit)
        limit = placed[index] - _LABEL_APART
    return placed
