"""The address that opens an expression in the Prometheus of a run, at the time that decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from harness.judge.finding import Finding
from harness.results.scenario import ScenarioResult

_RANGE = "5m"
_AFTER = 30.0
"""Seconds that the graph goes on after the scrape that decided."""


class PrometheusLink(NamedTuple):
    """Where an expression opens.

    Attributes:
        address: of the page of Prometheus.
        server: the Prometheus, for people.
        time: seconds since the epoch, which its samples have to reach back to.
    """

    address: str
    server: str
    time: float


def prometheus_link(
    finding: Finding, result: ScenarioResult, stack: Mapping[str, Any]
) -> PrometheusLink | None:
    """Return where the expression of a finding opens; None where nobody knows an address or a time.

    A run knows the address only of a Prometheus that was there before it, `--prometheus-url`.

    Args:
        finding: what was found.
        result: of its scenario.
        stack: of the run, as results.json has it.
    """
    target = stack.get("target")
    server = target.get("prometheus_url") if isinstance(target, Mapping) else None
    time = _decided(finding, result)
    if not isinstance(server, str) or time is None or not _is_web(server):
        return None
    try:
        end = datetime.fromtimestamp(time + _AFTER, UTC).strftime("%Y-%m-%d %H:%M:%S")
        moment = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        # A file may hold any number.
        return None
    asked = {
        "g0.expr": finding.promql.encode(errors="replace"),
        "g0.tab": "0",
        "g0.range_input": _RANGE,
        "g0.end_input": end,
        "g0.moment_input": moment,
    }
    # Prometheus 3 leads on from here to the page that took its place, and keeps what is asked.
    return PrometheusLink(f"{server.rstrip('/')}/graph?{urlencode(asked)}", server, time)


def _is_web(address: str) -> bool:
    """Say whether it is an address that a browser asks a server for, and no program or file."""
    try:
        parts = urlsplit(address)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)
        )
    except ValueError:
        return False


def _decided(finding: Finding, result: ScenarioResult) -> float | None:
    if not 0 <= finding.step < len(result.steps):
        return None
    step = result.steps[finding.step]
    if step.acknowledged is not None and finding.seconds is not None:
        return step.acknowledged + finding.seconds
    return step.ended
