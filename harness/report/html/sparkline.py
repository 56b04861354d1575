"""Draws how something went from run to run: a mark for each run, small enough for a row of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from harness.base.words import count
from harness.judge.finding import Verdict
from harness.report.history import PastRun, Trend
from harness.report.html.plot import MARKS
from harness.report.html.svg import SERIES_COLOURS, Drawing, DrawingLayer, Path, Point, marks

_HEIGHT, _MARGIN = 28.0, 7.0
_MOST_WIDTH, _MOST_BETWEEN, _LEAST_BETWEEN = 420.0, 16.0, 4.0
_SIZE = 7.0
_LEVELS = {Verdict.PASS: 0.0, Verdict.SKIPPED: 0.0, Verdict.KNOWN_ISSUE: 0.5}
"""How high a verdict is drawn; what fails or cannot be decided is at the top."""


def verdicts(trend: Trend, runs: Sequence[PastRun]) -> Drawing:
    """Return the verdict of each run, the worse the higher; a run without one leaves a gap."""
    counted = Counter(point.verdict for point in trend.points)
    told = ", ".join(
        f"{number} {'without a verdict' if verdict is None else verdict.words}"
        for verdict, number in counted.items()
    )
    levels = [None if each.verdict is None else _LEVELS.get(each.verdict, 1.0) for each in trend.points]
    drawn, places = _frame(runs, levels, f"Verdicts of {trend.name} in {count(len(runs), 'run')}: {told}")
    for run, point, place in zip(runs, trend.points, places, strict=True):
        if point.verdict is not None and place is not None:
            mark = Path(marks(MARKS[point.verdict], _SIZE, [place]), fill=point.verdict.value)
            drawn.add(DrawingLayer.SERIES, mark, tip=f"{run.name}: {point.verdict.words}")
    return drawn


def sign(verdict: Verdict) -> Drawing:
    """Return the mark of a verdict alone, for a legend."""
    drawn = Drawing(2 * _MARGIN, _HEIGHT, f"the mark of {verdict.words}")
    mark = Path(marks(MARKS[verdict], _SIZE, [(_MARGIN, _HEIGHT / 2)]), fill=verdict.value)
    drawn.add(DrawingLayer.SERIES, mark)
    return drawn


def visibility(trend: Trend, runs: Sequence[PastRun]) -> Drawing | None:
    """Return the time to visibility in each run, from 0 to the longest; None where no run has one."""
    seconds = [point.seconds for point in trend.points]
    known = [each for each in seconds if each is not None]
    if not known:
        return None
    most = max(*known, 0.0)
    label = (
        f"Time to visibility of {trend.name}: {min(known):.2f} to {most:.2f} s in {count(len(known), 'run')}"
    )
    levels = [None if each is None else (max(each, 0.0) / most if most else 0.0) for each in seconds]
    drawn, places = _frame(runs, levels, label)
    for run, value, place in zip(runs, seconds, places, strict=True):
        if value is not None and place is not None:
            dot = Path(marks("circle", _SIZE - 2, [place]), fill=SERIES_COLOURS[0])
            drawn.add(DrawingLayer.SERIES, dot, tip=f"{run.name}: {value:.2f} s")
    return drawn


def _frame(
    runs: Sequence[PastRun], levels: Sequence[float | None], label: str
) -> tuple[Drawing, list[Point | None]]:
    """Return a picture with a line through all levels, and a stroke where a release begins."""
    between = min(_MOST_BETWEEN, max(_LEAST_BETWEEN, _MOST_WIDTH / len(runs)))
    drawn = Drawing(2 * _MARGIN + between * max(len(runs) - 1, 1), _HEIGHT, label)
    places: list[Point | None] = [
        None
        if level is None
        else (_MARGIN + index * between, _HEIGHT - _MARGIN - level * (_HEIGHT - 2 * _MARGIN))
        for index, level in enumerate(levels)
    ]
    for one, other in pairwise(places):
        if one is not None and other is not None:
            drawn.stroke(one, other, "muted", 1)
    for index, (one_run, other_run) in enumerate(pairwise(runs)):
        if one_run.release != other_run.release:
            x = _MARGIN + (index + 0.5) * between
            drawn.stroke((x, 0), (x, _HEIGHT), "muted", 1, "2 2")
    return drawn, places
