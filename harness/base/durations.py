"""Durations as people, Go and Prometheus write them: 90s, 15m, 1h30m."""

from __future__ import annotations

import re

import durationpy

PATTERN = r"(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})s)?"
TIMEOUT = re.compile(PATTERN)
"""Of a scenario."""
GO = re.compile(r"(?:(?:\d+(?:\.\d+)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
"""Without a sign (time.ParseDuration)."""
PROMETHEUS = re.compile(r"(?:\d+(?:ms|s|m|h|d|w|y))+")
RULE = re.compile(r"(?:\d+[smhd])+")
"""`for` of an alert rule: no more units than our rules need."""


def seconds_of(text: str, notation: re.Pattern[str]) -> float:
    """Return the seconds of a duration.

    Args:
        text: the duration.
        notation: what may be written; durationpy alone reads "0", "-5m" and "1m 30s" as well.

    Raises:
        ValueError: it is none, it has no unit, or it is longer than a timedelta (2.7 million years).
    """
    if not text or notation.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} is not a duration such as 90s, 15m or 1h30m")
    return float(durationpy.from_str(text).total_seconds())


def text_of(seconds: int) -> str:
    """Return a duration as it is written: 90 is "1m30s"."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
