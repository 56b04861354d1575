"""Draws the timeline of a scenario: steps, chaos, and below them what each metric did."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FixedLocator

from harness.html.bands import Band
from harness.html.svg import STYLE, THEME, Tips, clean, embed, figure
from harness.html.timeline import Line, Panel, Timeline
from harness.judge.finding import Verdict

WIDTH = 1000.0
_LEFT, _RIGHT = 56.0, 262.0
"""Room for the values beside the axis, and for the names of the series."""
_TOP, _STEP, _BAND, _FOOT = 6.0, 20.0, 18.0, 36.0
_TITLE, _PLOT, _SCRAPES, _WINDOW, _GAP = 17.0, 64.0, 11.0, 14.0, 8.0
_FLAT = 30.0
"""The height of a panel in which no value changes."""
_LABEL_APART = 11.5
_SIGN = 5.6
"""About how wide a sign of a label is."""
_BESIDE = 1.015
"""Where names begin, as a fraction of the axes' width."""
_MARKERS = {
    Verdict.PASS: "o",
    Verdict.FAIL: "X",
    Verdict.KNOWN_ISSUE: "D",
    Verdict.ERROR: "s",
    Verdict.SKIPPED: "o",
}
_SERIES_COLOURS = [THEME[f"series-{n}"] for n in range(6)]


def plot(shown: Timeline, prefix: str, label: str) -> Markup:
    """Return the timeline as an SVG element; `prefix` makes its ids unique in the page."""
    with mpl.rc_context(STYLE):
        return _Plot(shown).draw(prefix, label)


class _Plot:
    def __init__(self, shown: Timeline) -> None:
        self.shown = shown
        self.tips = Tips()
        self.head = _STEP + _BAND * len(shown.bands)
        panels = sum(_height(panel) for panel in shown.panels)
        self.height = _TOP + self.head + _GAP + panels + _FOOT
        self.figure: Figure = figure(WIDTH, self.height)
        self.zero = shown.steps[0].began
        self.span = (shown.began - self.zero, shown.ended - self.zero + 0.2)

    def draw(self, prefix: str, label: str) -> Markup:
        top = _TOP
        self._head(self._axes(top, self.head), last=not self.shown.panels)
        top += self.head + _GAP
        for index, panel in enumerate(self.shown.panels):
            last = index == len(self.shown.panels) - 1
            self._panel(panel, top, last=last)
            top += _height(panel)
        return embed(self.figure, prefix, label, self.tips.texts)

    def _axes(self, top: float, height: float, *, seconds: bool = False) -> Axes:
        """Return axes over the plot's width; `top` from the figure's upper edge."""
        bottom = self.height - top - height
        axes = self.figure.add_axes(
            (_LEFT / WIDTH, bottom / self.height, (WIDTH - _LEFT - _RIGHT) / WIDTH, height / self.height)
        )
        axes.set_autoscale_on(False)
        axes.set_xlim(*self.span)
        if not seconds:
            axes.xaxis.set_visible(False)
        return axes

    def _seconds(self, axes: Axes, below: float) -> None:
        """Label the time axis, `below` the axes' lower edge."""
        axes.xaxis.set_visible(True)
        every = _nice((self.span[1] - self.span[0]) / 12)
        first, last = math.ceil(self.span[0] / every), math.floor(self.span[1] / every)
        ticks = [n * every for n in range(first, last + 1)]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
        axes.tick_params(axis="x", pad=below + 3)
        axes.annotate(
            "seconds since the first step began",
            (0.5, 0),
            (0, -below - 19),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=9.5,
            color=THEME["muted"],
        )

    def _head(self, axes: Axes, *, last: bool) -> None:
        axes.set_ylim(self.head, 0)
        axes.yaxis.set_visible(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for step in self.shown.steps:
            self._span(axes, step.began, step.ended, 2, _STEP - 5, THEME["step"], 0.55).set_linewidth(0.8)
            tip = f"step {step.number}: {step.title}"
            self._label_in(axes, step.began, step.ended, _STEP / 2, f"{step.number} {step.title}", tip)
        axes.text(self.span[1], _STEP / 2, "  steps", va="center", fontsize=9.5, color=THEME["muted"])
        for index, band in enumerate(self.shown.bands):
            self._band(axes, band, _STEP + index * _BAND)
        if last:
            self._seconds(axes, 0)

    def _span(
        self, axes: Axes, began: float, ended: float, top: float, height: float, colour: str, alpha: float
    ) -> Rectangle:
        patch = Rectangle(
            (began - self.zero, top),
            max(ended - began, 0.01),
            height,
            facecolor=colour,
            alpha=alpha,
            edgecolor=THEME["line"],
            linewidth=0,
        )
        axes.add_patch(patch)
        return patch

    def _label_in(self, axes: Axes, began: float, ended: float, middle: float, text: str, tip: str) -> None:
        """Write a text into a span, as much of it as fits."""
        pixels = (ended - began) / (self.span[1] - self.span[0]) * (WIDTH - _LEFT - _RIGHT)
        most = int((pixels - 4) / _SIGN)
        if most < 1:
            return
        shown = " " + clean(text, most) if most > 2 else text[0]
        written = axes.text(began - self.zero, middle, shown, va="center", fontsize=9.5)
        self.tips.put(written, tip)

    def _band(self, axes: Axes, band: Band, top: float) -> None:
        name = f"{band.kind} {band.name}"
        whole = self._span(axes, band.began, band.ended, top + 6, _BAND - 12, THEME["chaos"], 0.3)
        self.tips.put(whole, f"{name}: exists from {self._at(band.began)} to {self._at(band.ended)}")
        for began, ended in band.injected:
            hit = self._span(axes, began, ended, top + 3, _BAND - 6, THEME["chaos"], 0.85)
            self.tips.put(hit, f"{name}: injected from {self._at(began)} to {self._at(ended)}")
        if band.moments:
            axes.plot(
                [moment.time - self.zero for moment in band.moments],
                [top + _BAND / 2] * len(band.moments),
                linestyle="none",
                marker="|",
                markersize=7,
                color=THEME["fg"],
                markeredgewidth=0.7,
            )
        at = (self.span[1], top + _BAND / 2)
        label = axes.text(*at, "  " + clean(name, 42), va="center", fontsize=9.5, color=THEME["chaos"])
        told = ", ".join(f"{moment.reason} {self._at(moment.time)}" for moment in band.moments)
        self.tips.put(label, f"{name}: {told}")

    def _at(self, time: float) -> str:
        return f"{time - self.zero:.2f} s"

    def _panel(self, panel: Panel, top: float, *, last: bool) -> None:
        height = _plot_height(panel)
        axes = self._axes(top + _TITLE, height, seconds=last)
        low, high = _range(panel.lines)
        axes.set_ylim(low, high)
        self._values(axes, panel)
        for band in self.shown.bands:
            for began, ended in band.injected:
                span = (began - self.zero, ended - self.zero)
                axes.axvspan(*span, color=THEME["chaos"], alpha=0.13, linewidth=0)
        for step in self.shown.steps:
            axes.axvline(step.began - self.zero, color=THEME["line"], linewidth=0.8)
        title = clean(panel.subject, 100) + ("  (growth since the first sample)" if panel.growth else "")
        axes.annotate(
            title,
            (0, 1),
            (0, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            va="bottom",
            fontweight="bold",
        )
        for index, line in enumerate(panel.lines):
            self._line(axes, line, _SERIES_COLOURS[index % len(_SERIES_COLOURS)])
        self._names(axes, panel, height)
        self._scrapes(axes, panel, height)
        self._windows(axes, panel, height)
        if last:
            self._seconds(axes, _SCRAPES + _WINDOW * len(panel.windows))

    def _values(self, axes: Axes, panel: Panel) -> None:
        values = _finite(panel.lines)
        ticks = sorted({min(values), max(values)}) if values else []
        axes.yaxis.set_major_locator(FixedLocator(ticks))
        axes.yaxis.set_major_formatter(FixedFormatter([f"{tick:.5g}" for tick in ticks]))

    def _line(self, axes: Axes, line: Line, colour: str) -> None:
        times = [time - self.zero for time, _ in line.points]
        values = [value for _, value in line.points]
        drawn = axes.plot(
            times,
            values,
            drawstyle="steps-post",
            color=colour,
            linewidth=1.6,
            linestyle=(0, (3, 2)) if line.oracle else "-",
            marker="d" if line.oracle else "o",
            markersize=3 if line.oracle else 3.6,
            markerfacecolor="none" if line.oracle else colour,
            clip_on=False,
        )
        self.tips.put(drawn[0], line.label or "the only series")

    def _names(self, axes: Axes, panel: Panel, height: float) -> None:
        """Write each series' name at the height where it ends, but not over another."""
        low, high = axes.get_ylim()
        wanted = []
        for index, line in enumerate(panel.lines):
            values = _finite([line])
            at = (values[-1] - low) / (high - low) * height if values else 0.0
            wanted.append((at, index))
        more = f"and {panel.left_out} more series" if panel.left_out else ""
        places = _apart([at for at, _ in sorted(wanted)], height)
        for place, (_, index) in zip(places, sorted(wanted), strict=True):
            line = panel.lines[index]
            text = axes.text(
                _BESIDE,
                place / height,
                clean(line.label or "value", 44),
                transform=axes.transAxes,
                va="center",
                fontsize=9.5,
                color=_SERIES_COLOURS[index % len(_SERIES_COLOURS)],
            )
            self.tips.put(text, line.label or "the only series")
        if not panel.lines:
            more = "no series"
        if more:
            axes.text(
                _BESIDE,
                1 + 9 / height if panel.lines else 0.5,
                more,
                transform=axes.transAxes,
                va="center",
                fontsize=9.5,
                color=THEME["muted"],
            )

    def _scrapes(self, axes: Axes, panel: Panel, height: float) -> None:
        """Mark each scrape below the axes: with a series, without any, failed."""
        for marker, colour, size, ticks in (
            ("|", THEME["muted"], 5, [tick for tick in panel.ticks if tick.up and tick.present]),
            ("o", THEME["muted"], 2.6, [tick for tick in panel.ticks if tick.up and not tick.present]),
            ("x", THEME["failed"], 4.5, [tick for tick in panel.ticks if not tick.up]),
        ):
            if ticks:
                axes.plot(
                    [tick.time - self.zero for tick in ticks],
                    [-6 / height] * len(ticks),
                    transform=axes.get_xaxis_transform(),
                    clip_on=False,
                    linestyle="none",
                    marker=marker,
                    markersize=size,
                    markerfacecolor="none",
                    markeredgewidth=0.8,
                    color=colour,
                )
        if panel.ticks:
            axes.text(
                _BESIDE,
                -6 / height,
                "scrapes",
                transform=axes.transAxes,
                va="center",
                fontsize=8.5,
                color=THEME["muted"],
            )

    def _windows(self, axes: Axes, panel: Panel, height: float) -> None:
        """Draw each expectation's window below the scrapes, with a mark at its decision."""
        transform = axes.get_xaxis_transform()
        for index, window in enumerate(panel.windows):
            place = -(_SCRAPES + (index + 0.5) * _WINDOW) / height
            colour = THEME[window.verdict.value]
            began, decided = window.began - self.zero, window.decided - self.zero
            until = min((window.deadline or 0.0) - self.zero, self.span[1])
            if window.verdict is not Verdict.PASS and until > decided:
                axes.hlines(
                    place, decided, until, colour, ":", linewidth=1.4, clip_on=False, transform=transform
                )
            axes.hlines(
                place, began, decided, colour, linewidth=4, alpha=0.5, clip_on=False, transform=transform
            )
            axes.plot(
                decided,
                place,
                _MARKERS[window.verdict],
                color=colour,
                markersize=6,
                markeredgewidth=0,
                clip_on=False,
                transform=transform,
            )
            text = axes.text(
                _BESIDE,
                place,
                clean(f"step {window.step}: {window.kind}: {window.verdict.value.replace('_', ' ')}", 44),
                transform=axes.transAxes,
                va="center",
                fontsize=9.5,
                color=colour,
            )
            self.tips.put(text, window.text)


def _plot_height(panel: Panel) -> float:
    names = len(panel.lines) * _LABEL_APART
    flat = len(set(_finite(panel.lines))) < 2
    return max(_FLAT if flat else _PLOT, names)


def _height(panel: Panel) -> float:
    return _TITLE + _plot_height(panel) + _SCRAPES + _WINDOW * len(panel.windows) + _GAP


def _finite(lines: Sequence[Line]) -> list[float]:
    return [value for line in lines for _, value in line.points if math.isfinite(value)]


def _range(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the lowest and the highest value to show, with some room around."""
    values = _finite(lines)
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = (high - low or abs(high) or 1.0) * 0.12
    return low - room, high + room


def _apart(wanted: Sequence[float], height: float) -> list[float]:
    """Return places near the wanted ones, ascending as they are, and far enough apart to read."""
    placed: list[float] = []
    for place in wanted:
        placed.append(max(place, placed[-1] + _LABEL_APART) if placed else max(place, 4.0))
    over = placed[-1] - (height - 4) if placed else 0.0
    if over > 0:
        # Moved down together, and from the top where they would meet.
        limit = height - 4
        for index in range(len(placed) - 1, -1, -1):
            placed[index] = min(placed[index], limit)
            limit = placed[index] - _LABEL_APART
    return placed


def _nice(least: float) -> float:
    """Return the next of 0.5, 1, 2, 5, 10, ... that is not below `least`."""
    power: float = 10.0 ** math.floor(math.log10(max(least, 0.05)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * 0.999)
