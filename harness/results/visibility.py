"""How long it took until a scrape showed what had become true, metric by metric."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from harness.judge.finding import Finding
from harness.judge.wording import subject
from harness.results.scenario import ScenarioResult


class Visibility(BaseModel):
    """The times to visibility of one metric in a run; of an expression, those of the expression.

    Attributes:
        metric: its name, or the expression.
        produced: how it comes about, by the catalogue; "" where that is not known.
        count: how many expectations saw it change.
        median, longest: seconds from when it was known to be so to the first scrape that showed it.
        scenario, finding: where it took longest.
    """

    metric: str
    produced: str
    count: int
    median: float
    longest: float
    scenario: str
    finding: str


def seconds_of(finding: Finding) -> float | None:
    """Return the time to visibility of one expectation; None where nothing had to become visible."""
    found: Any = finding.evidence.get("visibility")
    return float(found["seconds"]) if isinstance(found, dict) and "seconds" in found else None


def visibilities(scenarios: Iterable[ScenarioResult]) -> list[Visibility]:
    """Return the times to visibility by metric, the slowest first."""
    by_metric: dict[str, list[tuple[float, str, Finding]]] = {}
    for scenario, finding in _findings(scenarios):
        seconds = seconds_of(finding)
        if seconds is not None:
            by_metric.setdefault(subject(finding), []).append((seconds, scenario, finding))
    made = []
    for metric, seen in by_metric.items():
        longest, scenario, finding = max(seen, key=lambda each: each[0])
        made.append(
            Visibility(
                metric=metric,
                produced=str(finding.evidence["visibility"].get("produced", "")),
                count=len(seen),
                median=round(statistics.median(seconds for seconds, _, _ in seen), 3),
                longest=longest,
                scenario=scenario,
                finding=finding.id,
            )
        )
    return sorted(made, key=lambda each: (-each.longest, each.metric))


def _findings(scenarios: Iterable[ScenarioResult]) -> Iterator[tuple[str, Finding]]:
    for scenario in scenarios:
        for finding in scenario.findings():
            yield scenario.name, finding
