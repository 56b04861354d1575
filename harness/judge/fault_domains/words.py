"""Values, labels and lists as the sentences of an explanation write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.judge.argument import labels_text, number_text
from harness.judge.fault_domains.exposed import Values
from harness.recording.labels import without_target
from harness.recording.model import Labels, Point

MOST = 3
"""How many of many are named."""


def series_text(labels: Labels | dict[str, str]) -> str:
    """Return a label set in braces, without the target's labels."""
    return labels_text(without_target(dict(labels)))


def values_text(values: Values) -> str:
    """Return the first of some series with their values."""
    return some(f"{series_text(labels)} {number_text(value)}" for labels, value in values.items())


def points_text(points: Iterable[Point]) -> str:
    """Return the first points of an oracle's answer; a plain number without braces."""
    return some(
        f"{labels_text(point.labels)} {number_text(point.value)}".removeprefix("{} ") for point in points
    )


def some(texts: Iterable[str]) -> str:
    """Return the first of some texts, and how many more there are; "nothing" without any."""
    listed = list(texts)
    more = f" and {len(listed) - MOST} more" if len(listed) > MOST else ""
    return ", ".join(listed[:MOST]) + more or "nothing"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence."""
    if len(words) < 2:
        return "".join(words) or "nothing"
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def yaml_text(text: str) -> str:
    """Return a label's value as one writes it in a scenario."""
    plain = text.replace("-", "").replace("_", "").replace(".", "")
    return text if plain.isalnum() and not plain.isdigit() else f'"{text}"'
