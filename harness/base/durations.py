"""Durations as people write them, and as Go does: 90s, 15m, 1h30m."""

from __future__ import annotations

import re

PATTERN = r"(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})s)?"
_WHOLE = re.compile(PATTERN)


def seconds_of(text: str) -> int:
    """Return the seconds of a duration.

    Raises:
        ValueError: it is none, or has no unit.
    """
    found = _WHOLE.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text[:40]!r} is no duration such as 90s, 15m or 1h30m")
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def text_of(seconds: int) -> str:
    """Return a duration as it is written: 90 is "1m30s"."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
