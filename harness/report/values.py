"""Values as reports show them: times as times, and numbers that can be told apart."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judge.argument import number_text, time_text

_FIRST, _LAST = 1e9, 1e10
"""Seconds since the epoch that a value is taken for, of a metric in seconds: 2001 to 2286."""
_DIGITS = (5, 7, 9, 12, 17)


def is_time(subject: str, value: float) -> bool:
    """Say whether a value of a metric, or of an expression that is only one, is seconds since the epoch."""
    name = subject.partition("{")[0]
    return name.endswith(("_seconds", "_timestamp")) and _FIRST <= value < _LAST


def value_text(subject: str, value: float) -> str:
    """Return a value without loss, with its clock time where it is a time."""
    text = number_text(value)
    return f"{text} ({time_text(value)} UTC)" if is_time(subject, value) else text


def axis_texts(subject: str, values: Sequence[float]) -> list[str]:
    """Return values as short as they are told apart; of two different ones never the same text.

    Args:
        subject: the metric or expression.
        values: finite ones, all different.
    """
    if values and all(is_time(subject, value) for value in values):
        clocks = [time_text(value) for value in values]
        whole = [clock.partition(".")[0] for clock in clocks]
        return whole if len({*whole}) == len(whole) else clocks
    for digits in _DIGITS:
        texts = [f"{value:.{digits}g}" for value in values]
        if len({*texts}) == len(values):
            return texts
    return [repr(value) for value in values]
