"""Draws the timeline of a scenario: steps, chaos, and below them what each metric did.

All is in one pair of axes: along them seconds since the first step began, down them the page's pixels.
Axes for each panel would look the same and take twice as long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from harness.html.bands import Band
from harness.html.svg import STYLE, THEME, Tips, clean, embed, figure
from harness.html.timeline import Line, Panel, Timeline
from harness.judge.finding import Verdict

WIDTH = 1000.0
_LEFT, _RIGHT = 56.0, 262.0
"""Room for the values beside the axis, and for the names of the series."""
_TOP, _STEP, _BAND, _FOOT = 6.0, 20.0, 18.0, 40.0
_TITLE, _PLOT, _SCRAPES, _WINDOW, _GAP = 17.0, 64.0, 11.0, 14.0, 8.0
_FLAT = 30.0
"""The height of a panel in which no value changes."""
_INSIDE = 0.1
"""Room above the highest value and below the lowest one, as a fraction of a panel's height."""
_LABEL_APART = 11.5
_SIGN = 5.6
"""About how wide a sign of a label is."""
_BESIDE = 1.015
"""Where names begin, as a fraction of the axes' width."""
_SMALL = 9.5
_MOST_SIGNS = 44
_MARKERS = {
    Verdict.PASS: "o",
    Verdict.FAIL: "X",
    Verdict.KNOWN_ISSUE: "D",
    Verdict.ERROR: "s",
    Verdict.SKIPPED: "o",
}
_SERIES_COLOURS = [THEME[f"series-{n}"] for n in range(6)]

Segment = tuple[tuple[float, float], tuple[float, float]]


def plot(shown: Timeline, prefix: str, label: str) -> Markup:
    """Return the timeline as an SVG element; `prefix` makes its ids unique in the page."""
    with mpl.rc_context(STYLE):
        return _Plot(shown).draw(prefix, label)


class _Plot:
    def __init__(self, shown: Timeline) -> None:
        self.shown = shown
        self.tips = Tips()
        head = _STEP + _BAND * len(shown.bands) + _GAP
        self.bottom = _TOP + head + sum(_height(panel) for panel in shown.panels)
        height = self.bottom + _FOOT
        self.zero = shown.steps[0].began
        self.span = (shown.began - self.zero, shown.ended - self.zero + 0.2)
        self.figure = figure(WIDTH, height)
        self.axes = self.figure.add_axes(
            (_LEFT / WIDTH, _FOOT / height, (WIDTH - _LEFT - _RIGHT) / WIDTH, self.bottom / height)
        )
        self.axes.set_autoscale_on(False)
        self.axes.set_xlim(*self.span)
        self.axes.set_ylim(self.bottom, 0)
        # The few numbers along the axes are written as any other text: ticks take longer than all else.
        self.axes.set_axis_off()
        self.beside = self.axes.get_yaxis_transform()
        self._strokes: dict[tuple[str, float, str, float], list[Segment]] = {}

    def draw(self, prefix: str, label: str) -> Markup:
        """Return the whole figure."""
        self._seconds()
        top = self._head()
        for panel in self.shown.panels:
            self._panel(panel, top)
            top += _height(panel)
        for (colour, width, style, alpha), segments in self._strokes.items():
            lines = LineCollection(
                segments,
                colors=colour,
                linewidths=width,
                linestyles=style,
                alpha=alpha,
                clip_on=False,
                zorder=1.5,
            )
            self.axes.add_collection(lines, autolim=False)
        return embed(self.figure, prefix, label, self.tips.texts)

    def _stroke(
        self, segment: Segment, colour: str, width: float, style: str = "-", alpha: float = 1.0
    ) -> None:
        """Draw a straight line; all of one look are drawn at once."""
        self._strokes.setdefault((colour, width, style, alpha), []).append(segment)

    def _text(self, x: float, y: float, text: str, colour: str, **more: Any) -> Text:
        return self.axes.text(x, y, text, color=colour, va="center", fontsize=_SMALL, **more)

    def _named(self, y: float, text: str, colour: str, tip: str = "", *, from_right: float = 0.0) -> None:
        """Write beside the axes what a line or a bar is."""
        written = self._text(_BESIDE - from_right, y, clean(text, _MOST_SIGNS), colour, transform=self.beside)
        if tip:
            self.tips.put(written, tip)

    def _seconds(self) -> None:
        every = _nice((self.span[1] - self.span[0]) / 12)
        first, last = math.ceil(self.span[0] / every), math.floor(self.span[1] / every)
        for tick in (n * every for n in range(first, last + 1)):
            self._text(tick, self.bottom + 10, f"{tick:g}", THEME["muted"], ha="center")
        middle = sum(self.span) / 2
        told = "seconds since the first step began"
        self._text(middle, self.bottom + 26, told, THEME["muted"], ha="center")

    def _head(self) -> float:
        """Draw steps and chaos; return where the panels begin."""
        for step in self.shown.steps:
            box = self._box(step.began, step.ended, _TOP + 2, _STEP - 5, THEME["step"], 0.55)
            box.set_linewidth(0.8)
            tip = f"step {step.number}: {step.title}"
            self._inside(step.began, step.ended, _TOP + _STEP / 2, f"{step.number} {step.title}", tip)
        self._named(_TOP + _STEP / 2, "steps", THEME["muted"])
        top = _TOP + _STEP
        for band in self.shown.bands:
            self._band(band, top)
            top += _BAND
        return top + _GAP

    def _box(
        self, began: float, ended: float, top: float, height: float, colour: str, alpha: float
    ) -> Rectangle:
        box = Rectangle(
            (began - self.zero, top),
            max(ended - began, 0.01),
            height,
            facecolor=colour,
            alpha=alpha,
            edgecolor=THEME["line"],
            linewidth=0,
        )
        self.axes.add_patch(box)
        return box

    def _inside(self, began: float, ended: float, middle: float, text: str, tip: str) -> None:
        """Write a text into a box, as much of it as fits."""
        pixels = (ended - began) / (self.span[1] - self.span[0]) * (WIDTH - _LEFT - _RIGHT)
        most = int((pixels - 4) / _SIGN)
        if most < 1:
            return
        shown = " " + clean(text, most) if most > 2 else text[0]
        self.tips.put(self._text(began - self.zero, middle, shown, THEME["fg"]), tip)

    def _band(self, band: Band, top: float) -> None:
        name = f"{band.kind} {band.name}"
        whole = self._box(band.began, band.ended, top + 6, _BAND - 12, THEME["chaos"], 0.3)
        self.tips.put(whole, f"{name}: exists from {self._at(band.began)} to {self._at(band.ended)}")
        for began, ended in band.injected:
            hit = self._box(began, ended, top + 3, _BAND - 6, THEME["chaos"], 0.85)
            self.tips.put(hit, f"{name}: injected from {self._at(began)} to {self._at(ended)}")
            self._box(began, ended, top + _BAND, self.bottom - top - _BAND, THEME["chaos"], 0.1)
        for moment in band.moments:
            at = moment.time - self.zero
            self._stroke(((at, top + 5), (at, top + _BAND - 5)), THEME["fg"], 0.8)
        told = ", ".join(f"{moment.reason} {self._at(moment.time)}" for moment in band.moments)
        self._named(top + _BAND / 2, name, THEME["chaos"], f"{name}: {told}")

    def _at(self, time: float) -> str:
        return f"{time - self.zero:.2f} s"

    def _panel(self, panel: Panel, top: float) -> None:
        title = clean(panel.subject, 100) + ("  (growth since the first sample)" if panel.growth else "")
        self.axes.text(self.span[0], top + _TITLE - 4, title, fontweight="bold", va="bottom")
        top += _TITLE
        height = _plot_height(panel)
        bottom = top + height
        left = self.span[0]
        self._stroke(((left, bottom), (self.span[1], bottom)), THEME["line"], 0.8)
        self._stroke(((left, top), (left, bottom)), THEME["line"], 0.8)
        for step in self.shown.steps:
            at = step.began - self.zero
            self._stroke(((at, top), (at, bottom)), THEME["line"], 0.8)
        scale = _Scale(_finite(panel.lines) + [0.0] * panel.growth, top, height)
        for value in scale.marked:
            place = (-0.008, scale.at(value))
            self._text(*place, f"{value:.5g}", THEME["muted"], transform=self.beside, ha="right")
        for index, line in enumerate(panel.lines):
            self._line(line, scale, _SERIES_COLOURS[index % len(_SERIES_COLOURS)])
        self._names(panel, scale, top, height)
        self._scrapes(panel, bottom + 6)
        self._windows(panel, bottom + _SCRAPES)

    def _line(self, line: Line, scale: _Scale, colour: str) -> None:
        (drawn,) = self.axes.plot(
            [time - self.zero for time, _ in line.points],
            [scale.at(value) for _, value in line.points],
            drawstyle="steps-post",
            color=colour,
            linewidth=1.6,
            linestyle=(0, (3, 2)) if line.oracle else "-",
            marker="d" if line.oracle else "o",
            markersize=3 if line.oracle else 3.6,
            markerfacecolor="none" if line.oracle else colour,
            clip_on=False,
        )
        self.tips.put(drawn, line.label or "the only series")

    def _names(self, panel: Panel, scale: _Scale, top: float, height: float) -> None:
        """Write each series' name at the height where it ends, but not over another."""
        bottom = top + height
        wanted = []
        for index, line in enumerate(panel.lines):
            values = _finite([line])
            wanted.append((bottom - scale.at(values[-1]) if values else 0.0, index))
        wanted.sort()
        for place, (_, index) in zip(_apart([at for at, _ in wanted], height), wanted, strict=True):
            label = panel.lines[index].label
            colour = _SERIES_COLOURS[index % len(_SERIES_COLOURS)]
            self._named(bottom - place, label or "value", colour, label or "the only series")
        if not panel.lines:
            self._named(top + height / 2, "no series", THEME["muted"])
        elif panel.left_out:
            self._named(top - 9, f"and {panel.left_out} more series", THEME["muted"])

    def _scrapes(self, panel: Panel, place: float) -> None:
        """Mark each scrape below a panel: with a series, without any, failed."""
        for marker, colour, size, ticks in (
            ("|", THEME["muted"], 5, [tick for tick in panel.ticks if tick.up and tick.present]),
            ("o", THEME["muted"], 2.6, [tick for tick in panel.ticks if tick.up and not tick.present]),
            ("x", THEME["failed"], 4.5, [tick for tick in panel.ticks if not tick.up]),
        ):
            if ticks:
                self.axes.plot(
                    [tick.time - self.zero for tick in ticks],
                    [place] * len(ticks),
                    marker,
                    markersize=size,
                    markerfacecolor="none",
                    markeredgewidth=0.8,
                    color=colour,
                    clip_on=False,
                )
        if panel.ticks:
            self._named(place, "scrapes", THEME["muted"])

    def _windows(self, panel: Panel, top: float) -> None:
        """Draw each expectation's window below the scrapes, with a mark at its decision."""
        decisions: dict[Verdict, list[tuple[float, float]]] = {}
        for index, window in enumerate(panel.windows):
            place = top + (index + 0.5) * _WINDOW
            colour = THEME[window.verdict.value]
            began, decided = window.began - self.zero, window.decided - self.zero
            until = min((window.deadline or 0.0) - self.zero, self.span[1])
            if window.verdict is not Verdict.PASS and until > decided:
                self._stroke(((decided, place), (until, place)), colour, 1.4, ":")
            self._stroke(((began, place), (decided, place)), colour, 4, alpha=0.5)
            decisions.setdefault(window.verdict, []).append((decided, place))
            verdict = window.verdict.value.replace("_", " ")
            self._named(place, f"step {window.step}: {window.kind}: {verdict}", colour, window.text)
        for verdict, places in decisions.items():
            self.axes.plot(
                [decided for decided, _ in places],
                [place for _, place in places],
                _MARKERS[verdict],
                color=THEME[verdict.value],
                markersize=6,
                markeredgewidth=0,
                clip_on=False,
            )


class _Scale:
    """Where the values of a panel are.

    Attributes:
        marked: the values that are written beside it.
    """

    def __init__(self, values: Sequence[float], top: float, height: float) -> None:
        self.marked = sorted({min(values), max(values)}) if values else []
        self._middle = top + height / 2
        self._height = height * (1 - 2 * _INSIDE)
        self._centre = sum(self.marked) / len(self.marked) if values else 0.0
        self._range = self.marked[-1] - self.marked[0] if values else 0.0

    def at(self, value: float) -> float:
        """Return the pixel of a value; NaN, and what is infinite, is nowhere."""
        if not math.isfinite(value):
            return math.nan
        return self._middle - (value - self._centre) / (self._range or 1.0) * self._height


def _plot_height(panel: Panel) -> float:
    names = len(panel.lines) * _LABEL_APART
    flat = len({*_finite(panel.lines), *([0.0] * panel.growth)}) < 2
    return max(_FLAT if flat else _PLOT, names)


def _height(panel: Panel) -> float:
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


def _nice(least: float) -> float:
    """Return the next of 0.5, 1, 2, 5, 10, ... that is not below `least`."""
    power: float = 10.0 ** math.floor(math.log10(max(least, 0.05)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * 0.999)
