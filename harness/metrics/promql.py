"""Builds PromQL selectors from a metric and label matchers, and checks expressions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import promql_parser

from harness.base.errors import UsageError
from harness.scenario.model import Matcher

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_RE2_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


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


def check(expression: str) -> None:
    """Parse an expression.

    Raises:
        PromQLError: it does not parse; the message is the parser's.
    """
    try:
        promql_parser.parse(expression)
    except ValueError as error:
        raise PromQLError(f"not a PromQL expression: {expression}", details=[str(error)]) from error


def _matcher(label: str, wanted: str | Matcher) -> str:
    name = label if _LABEL.match(label) else quote(label)
    if isinstance(wanted, str):
        return f"{name}={quote(wanted)}"
    for operator, value in (("!=", wanted.not_), ("=~", wanted.matches), ("!~", wanted.not_matches)):
        if value is not None:
            return name + operator + quote(value)
    raise AssertionError("a matcher holds exactly one value")
