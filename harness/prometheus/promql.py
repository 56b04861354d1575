"""Builds PromQL selectors from a metric and label matchers, and checks expressions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Any

import promql_parser

from harness.base.errors import UsageError
from harness.prometheus.matcher import Matcher

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_RE2_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")

_TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*|[\w.:]+|\S")
_MOST_TOKENS = 500
_SHOWN = 200


class PromQLError(UsageError):
    """An expression does not parse."""


def quote(text: str) -> str:
    """Return a PromQL string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def one_of(values: Collection[str]) -> str:
    """Return a regular expression (RE2) that matches exactly these strings; PromQL anchors it."""
    return "|".join(_RE2_SPECIAL.sub(r"\\\g<0>", value) for value in values)


def selector(metric: str | None, where: Mapping[str, str | Matcher] | None = None) -> str:
    """Return an instant-vector selector, as a person would paste it.

    Args:
        metric: the metric's name; None to select by labels alone.
        where: label to value (equality) or matcher.
    """
    matchers = [_matcher(label, wanted) for label, wanted in (where or {}).items()]
    name = ""
    if metric is not None:
        if _METRIC.match(metric):
            name = metric
        else:
            # Names beyond the classic alphabet are written inside the braces (Prometheus 3).
            matchers.insert(0, quote(metric))
    return name + ("{" + ", ".join(matchers) + "}" if matchers else "")


def any_of(metrics: Collection[str], where: Mapping[str, str | Matcher] | None = None) -> str:
    """Return a selector for all series of several metrics."""
    return selector(None, {"__name__": Matcher(matches=one_of(sorted(metrics))), **(where or {})})


def parse(expression: str) -> Any:
    """Return the syntax tree of an expression, as promql_parser gives it.

    Raises:
        PromQLError: it does not parse, or is longer than any that a person writes; the details are the
            parser's words.
    """
    # The parser recurses without a bound: some thousand brackets or additions end the process.
    if sum(1 for _ in islice(_TOKEN.finditer(expression), _MOST_TOKENS + 1)) > _MOST_TOKENS:
        raise PromQLError(refused(expression), details=[f"has more than {_MOST_TOKENS} tokens"])
    try:
        return promql_parser.parse(expression)
    except ValueError as error:
        raise PromQLError(refused(expression), details=[str(error)]) from error


def check(expression: str) -> None:
    """Parse an expression.

    Raises:
        PromQLError: it does not parse; the details are the parser's words.
    """
    parse(expression)


def refused(expression: str) -> str:
    """Return what is said of an expression that is none."""
    shown = expression if len(expression) <= _SHOWN else f"{expression[: _SHOWN - 3]}..."
    return f"not a PromQL expression: {shown}"


def _matcher(label: str, wanted: str | Matcher) -> str:
    name = label if _LABEL.match(label) else quote(label)
    if isinstance(wanted, str):
        return f"{name}={quote(wanted)}"
    for operator, value in (("!=", wanted.not_), ("=~", wanted.matches), ("!~", wanted.not_matches)):
        if value is not None:
            return name + operator + quote(value)
    raise AssertionError("a matcher holds exactly one value")
