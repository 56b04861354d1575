"""Puts something plausible in the place of templates, so that an expression can be read before a run."""

from __future__ import annotations

import re

from harness.scenario.template import TEMPLATE

_OPEN, _CLOSE = "⟨", "⟩"
_NUMBER = "pi()"
"""A number of which nothing is said before it is known: a plain one could make a comparison look settled."""

_DURATION = "3557"
"""Within brackets there are durations: one that nobody writes, and that is not too short."""

_PIECE = re.compile(
    rf"(?P<template>{TEMPLATE.pattern})|(?P<escape>\\.)|(?P<quote>[\"'`])|(?P<comment>#[^\n]*)|(?P<bracket>[\[\]])",
    re.DOTALL,
)


def as_literals(expression: str) -> str:
    """Return an expression with its templates replaced: in a string by a word, else by a number."""
    quote, depth, end = "", 0, 0
    written: list[str] = []
    while piece := _PIECE.search(expression, end):
        text = piece.group()
        written.append(expression[end : piece.start()])
        end = piece.end()
        if piece["template"] is not None:
            text = _literal(text, quoted=bool(quote), within_brackets=depth > 0)
        elif (piece["escape"] is not None and quote == "`") or (piece["comment"] is not None and quote):
            # A backslash stands for itself in a raw string, and so does a # in any string.
            text, end = text[0], piece.start() + 1
        elif piece["quote"] is not None:
            quote = "" if quote == text else quote or text
        elif piece["bracket"] is not None and not quote:
            depth = max(0, depth + (1 if text == "[" else -1))
        written.append(text)
    return "".join([*written, expression[end:]])


def stands_for_more(text: str) -> bool:
    """Say whether a string had a template in it, so that its value is not known yet."""
    return _OPEN in text


def range_is_open(seconds: float) -> bool:
    """Say whether a range had a template in it, so that its length is not known yet."""
    return round(seconds * 1000) % int(_DURATION) == 0


def _literal(template: str, *, quoted: bool, within_brackets: bool) -> str:
    if template == "$${":
        return "${"
    if not quoted:
        return _DURATION if within_brackets else _NUMBER
    return _OPEN + template.removeprefix("${").removesuffix("}") + _CLOSE
