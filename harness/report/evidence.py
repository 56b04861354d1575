"""The evidence of a finding as lines of text: samples, nearest series, looks, oracles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.judge.argument import labels_text, number_text, time_text
from harness.judge.fault_domains.words import series_text

_MOST_ROWS = 4
_MOST_SAMPLES = 6

Row = dict[str, Any]


def evidence_lines(evidence: Row) -> list[str]:
    """Return what a finding rests on, each part under a heading; nothing of what it does not have."""
    lines: list[str] = []
    for heading, rows in (
        ("samples (scrape time, value):", _samples(evidence)),
        ("decided by the scrapes:", _scrapes(evidence)),
        ("nearest series:", _nearest(evidence)),
        ("resets:", _resets(evidence)),
        ("exposed by the component itself:", _looks(evidence)),
        ("said by oracles:", [*_readings(evidence), *_truth(evidence)]),
    ):
        if shown := list(rows):
            lines += [f"  {heading}", *(f"    {row}" for row in _first(shown))]
    return lines


def number(value: Any) -> str:
    """Return a value without loss; JSON has words in place of NaN and infinity."""
    return number_text(float(value))


def table_lines(rows: list[Row], most: int) -> list[str]:
    """Return wanted and actual series side by side; a value that is not there is a dash."""
    cells = [(series_text(row["labels"]), _cell(row["expected"]), _cell(row["actual"])) for row in rows]
    shown = [("series", "expected", "actual"), *cells[:most]]
    widths = [max(len(cell[column]) for cell in shown) for column in range(3)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]
    return [*lines, *_more(len(cells) - most, "series")]


def _cell(value: Any) -> str:
    # What is expected is words already.
    return "-" if value is None else value if isinstance(value, str) else number(value)


def _samples(evidence: Row) -> Iterator[str]:
    for each in evidence.get("samples", []):
        values = ", ".join(
            f"{time_text(time)} {number(value)}" for time, value in each["samples"][-_MOST_SAMPLES:]
        )
        yield f"{series_text(each['labels'])}: {values}"


def _scrapes(evidence: Row) -> Iterator[str]:
    if evidence.get("samples"):
        # Their times are those of the scrapes.
        return
    for each in evidence.get("scrapes", []):
        took = "" if each.get("duration") is None else f", took {each['duration']:.3f} s"
        yield f"{each['target']} {time_text(each['time'])}{took}, {'up' if each['up'] else 'down'}"


def _nearest(evidence: Row) -> Iterator[str]:
    for each in evidence.get("nearest", []):
        differs = "; ".join(
            f'{name} is "{both["found"]}", wanted {_wanted(both["wanted"])}'
            for name, both in each["differs"].items()
        )
        last = f"{number(each['value'])} at {time_text(each['last_seen'])}"
        yield f"{series_text(each['labels'])} {last}: {differs or 'no label differs, but it is gone'}"


def _wanted(wanted: Any) -> str:
    if isinstance(wanted, str):
        return f'"{wanted}"'
    return ", ".join(f'{name} "{value}"' for name, value in wanted.items())


def _resets(evidence: Row) -> Iterator[str]:
    for each in evidence.get("resets", []):
        fell = f"from {number(each['before'])} to {number(each['after'])}"
        yield f"{series_text(each['labels'])}: {fell} at {time_text(each['time'])}"


def _looks(evidence: Row) -> Iterator[str]:
    for each in evidence.get("looks", []):
        at = f"{each['target']} at {time_text(each['began'])}"
        if each["error"]:
            yield f"{at}: {each['error']}"
            continue
        rows = [f"{labels_text(row['labels'])} {number(row['value'])}" for row in each["exposed"]]
        left_out = len(rows) - _MOST_ROWS + each["left_out"]
        listed = "; ".join([*rows[:_MOST_ROWS], *_more(left_out, "series")]) or "no series"
        declared = f" ({each['metric_type']})" if each["metric_type"] else ""
        yield f"{at}{declared}: {listed}"


def _readings(evidence: Row) -> Iterator[str]:
    readings = evidence.get("readings", [])
    for oracle in dict.fromkeys((each["oracle"], each["key"]) for each in readings):
        mine = [each for each in readings if (each["oracle"], each["key"]) == oracle]
        between = f"{time_text(mine[0]['began'])} to {time_text(mine[-1]['ended'])}"
        yield f"{oracle[0]}, {between}: {_points(mine[0]['vector'], 0)}"


def _truth(evidence: Row) -> Iterator[str]:
    if truth := evidence.get("truth"):
        points = _points(truth["points"], truth["left_out"])
        yield f"{truth['oracle']}, around the look, of what is selected: {points}"


def _points(points: list[Row], left_out: int) -> str:
    rows = [f"{labels_text(each['labels'])} {number(each['value'])}".removeprefix("{} ") for each in points]
    more = _more(len(rows) - _MOST_ROWS + left_out, "series")
    return "; ".join([*rows[:_MOST_ROWS], *more]) or "nothing"


def _first(rows: list[str]) -> list[str]:
    return [*rows[:_MOST_ROWS], *_more(len(rows) - _MOST_ROWS, "rows, in results.json")]


def _more(number_left: int, what: str) -> list[str]:
    return [f"... and {number_left} more {what}"] if number_left > 0 else []
