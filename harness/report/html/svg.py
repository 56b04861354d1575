"""Pictures of a page as plain data, in the page's pixels; templates/drawing.html makes SVG of them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

SMALL = 9.5
"""The size of a text, unless it is a title."""
SERIES_COLOURS = [f"series-{n}" for n in range(6)]
"""Colours are the page's CSS variables `--NAME`, so that they follow its theme."""

Point = tuple[float, float]
Mark = Literal["circle", "square", "diamond", "thin diamond", "cross", "tick", "x"]

_MIDDLE, _BELOW = 0.26, 0.25
"""How far below a text's middle, and above its lower edge, its base line is; in units of its size."""
_UNSHOWN = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Categories of signs that are no text: control, format, surrogates, private use, unassigned."""
_OUTLINES: dict[Mark, list[list[Point]]] = {
    "square": [[(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]],
    "diamond": [[(0, -0.71), (0.71, 0), (0, 0.71), (-0.71, 0)]],
    "thin diamond": [[(0, -0.71), (0.42, 0), (0, 0.71), (-0.42, 0)]],
    "cross": [
        [
            *((-0.25, -0.5), (0, -0.25), (0.25, -0.5), (0.5, -0.25), (0.25, 0), (0.5, 0.25)),
            *((0.25, 0.5), (0, 0.25), (-0.25, 0.5), (-0.5, 0.25), (-0.25, 0), (-0.5, -0.25)),
        ]
    ],
    "tick": [[(0, -0.5), (0, 0.5)]],
    "x": [[(-0.5, -0.5), (0.5, 0.5)], [(-0.5, 0.5), (0.5, -0.5)]],
}


class DrawingLayer(IntEnum):
    """What covers what: areas lie below all else, texts above."""

    AREA = 0
    STROKE = 1
    SERIES = 2
    TEXT = 3


@dataclass(frozen=True)
class DrawingText:
    """A line of text, its base line at `y`."""

    x: float
    y: float
    text: str
    colour: str
    anchor: Literal["start", "middle", "end"] = "start"
    title: bool = False


@dataclass(frozen=True)
class Path:
    """Lines or areas of one look.

    Attributes:
        d: the path, as SVG has it.
        fill, stroke: colours; nothing is filled or stroked without one.
        width: of the stroke.
        dashes: lengths of dashes and gaps.
        opacity: of all of it, 0 to 1.
    """

    d: str
    fill: str = ""
    stroke: str = ""
    width: float = 1.0
    dashes: str = ""
    opacity: float = 1.0


class Drawing:
    """A picture: its size, what it is called for screen readers, and its parts."""

    def __init__(self, width: float, height: float, label: str) -> None:
        self.width, self.height, self.label = width, height, label
        self._parts: list[tuple[DrawingLayer, str, tuple[DrawingText | Path, ...]]] = []
        self._strokes: dict[tuple[str, float, str, float], list[str]] = {}

    def add(self, layer: DrawingLayer, *shapes: DrawingText | Path, tip: str = "") -> None:
        """Add some shapes, and the text that is shown when one points at them."""
        self._parts.append((layer, clean(tip), shapes))

    def text(
        self,
        x: float,
        middle: float,
        text: str,
        colour: str = "fg",
        anchor: Literal["start", "middle", "end"] = "start",
        *,
        tip: str = "",
    ) -> None:
        """Write a text whose middle is at a height."""
        self.add(DrawingLayer.TEXT, DrawingText(x, middle + _MIDDLE * SMALL, text, colour, anchor), tip=tip)

    def title(self, x: float, bottom: float, text: str) -> None:
        """Write a title above a height."""
        self.add(DrawingLayer.TEXT, DrawingText(x, bottom - _BELOW * 10.5, text, "fg", title=True))

    def stroke(
        self, one: Point, other: Point, colour: str, width: float = 0.8, dashes: str = "", opacity: float = 1
    ) -> None:
        """Draw a straight line; all of one look are one path."""
        lines = self._strokes.setdefault((colour, width, dashes, opacity), [])
        lines.append(f"M{_number(one[0])} {_number(one[1])}L{_number(other[0])} {_number(other[1])}")

    def parts(self) -> list[tuple[str, tuple[DrawingText | Path, ...]]]:
        """Return what there is to draw, the lowest first: tips and shapes."""
        strokes = [
            (DrawingLayer.STROKE, "", (Path("".join(lines), "", colour, width, dashes, opacity),))
            for (colour, width, dashes, opacity), lines in self._strokes.items()
        ]
        every = sorted([*strokes, *self._parts], key=lambda part: part[0])
        return [(tip, shapes) for _, tip, shapes in every]


def rectangle(left: float, top: float, width: float, height: float) -> str:
    """Return a rectangle as a path."""
    return f"M{_number(left)} {_number(top)}h{_number(width)}v{_number(height)}h{_number(-width)}z"


def steps(points: Iterable[Point]) -> str:
    """Return the path that stays at the height of each point until the next; one at NaN begins a gap."""
    path, drawing = "", False
    for x, y in points:
        if math.isnan(y):
            path += f"H{_number(x)}" if drawing else ""
        else:
            path += f"H{_number(x)}V{_number(y)}" if drawing else f"M{_number(x)} {_number(y)}"
        drawing = not math.isnan(y)
    return path


def marks(mark: Mark, size: float, places: Iterable[Point]) -> str:
    """Return a mark at each of some places as one path; there is none at NaN."""
    return "".join(_mark(mark, size, x, y) for x, y in places if not math.isnan(y))


def _mark(mark: Mark, size: float, x: float, y: float) -> str:
    if mark == "circle":
        half = f"a{size / 2:.3g} {size / 2:.3g} 0 1 0 "
        return f"M{_number(x - size / 2)} {_number(y)}{half}{size:g} 0{half}{-size:g} 0"
    lines = (
        "L".join(f"{_number(x + size * across)} {_number(y + size * down)}" for across, down in line)
        for line in _OUTLINES[mark]
    )
    return "".join(f"M{line}z" for line in lines)


def ticks(first: float, last: float, most: int) -> list[float]:
    """Return the multiples of 0.1, 0.2, 0.5, 1, 2, ... between two values, about as many as one can read."""
    every = _nice((last - first) / most)
    return [n * every for n in range(math.ceil(first / every), math.floor(last / every) + 1)]


def clean(text: str, most: int | None = None) -> str:
    """Return a text without signs that XML forbids or that change the direction, cut to `most` signs."""
    kept = "".join(" " if unicodedata.category(sign) in _UNSHOWN else sign for sign in text)
    return kept if most is None or len(kept) <= most else kept[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _nice(least: float) -> float:
    """Return the next of 0.05, 0.1, 0.2, 0.5, 1, ... that is not below `least`."""
    power: float = 10.0 ** math.floor(math.log10(max(least, 0.05)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * 0.999)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
