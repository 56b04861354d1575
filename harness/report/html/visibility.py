"""How long after chaos was injected, or recovered, a scrape first showed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.judge.finding import Finding, Verdict
from harness.judge.matching import Matchers
from harness.recording.model import Expected, Recording
from harness.recording.series import Series
from harness.results.scenario import ScenarioResult
from harness.scenario.model import Expectation

REASONS = {"apply": "Applied", "delete": "Recovered"}
"""The event of the controller-manager that says when an action took effect on a target."""


@dataclass(frozen=True)
class VisibilityDelay:
    """One metric in one step.

    Attributes:
        action: `apply` or `delete`.
        seconds: from the event that says that the first target was hit (or recovered; from the
            acknowledgement where there is no event) to the start of the scrape that first showed a
            change; a scrape that began before the event counts as 0.
    """

    metric: str
    action: str
    scenario: str
    seconds: float


@dataclass(frozen=True)
class Spread:
    """The delays of one metric after one action, ascending."""

    metric: str
    action: str
    delays: tuple[VisibilityDelay, ...]

    @property
    def seconds(self) -> list[float]:
        """The delays, seconds."""
        return [delay.seconds for delay in self.delays]

    @property
    def median(self) -> float:
        """The median, seconds."""
        return median(self.seconds)


def delays(result: ScenarioResult, recording: Recording, known: Catalogue) -> Iterator[VisibilityDelay]:
    """Yield the delay of each metric whose expectation passed and whose series changed in the step."""
    expected = {each.id: each for each in recording.expected}
    seen: set[tuple[int, str]] = set()
    for finding in result.findings():
        started = recording.mark(finding.step, "started")
        acknowledged = recording.mark(finding.step, "acknowledged")
        if started is None or acknowledged is None or finding.verdict is not Verdict.PASS:
            continue
        action = str(started.detail.get("action"))
        metric = known.find(finding.metric) if finding.metric else None
        if action not in REASONS or metric is None or (finding.step, finding.metric) in seen:
            continue
        ended = recording.mark(finding.step, "ended")
        changed = _first_change(finding, expected.get(finding.id), recording, started.time)
        if changed is None or (ended is not None and changed > ended.time):
            continue
        seen.add((finding.step, finding.metric))
        events = [
            event.time
            for event in recording.events
            if event.reason == REASONS[action] and event.time >= started.time
        ]
        since = min(events, default=acknowledged.time)
        yield VisibilityDelay(metric.name, action, result.name, round(max(changed - since, 0.0), 3))


def spreads(found: list[VisibilityDelay]) -> list[Spread]:
    """Return the delays by metric and action, the slowest median first."""
    keys = dict.fromkeys((each.metric, each.action) for each in found)
    made = [
        Spread(
            metric,
            action,
            tuple(
                sorted(
                    (each for each in found if (each.metric, each.action) == (metric, action)),
                    key=lambda each: each.seconds,
                )
            ),
        )
        for metric, action in keys
    ]
    return sorted(made, key=lambda each: (each.action, -each.median))


def _first_change(
    finding: Finding, expected: Expected | None, recording: Recording, started: float
) -> float | None:
    """Return the time of the first scrape after `started` in which a selected series changed."""
    if expected is None:
        return None
    matchers = Matchers(Expectation.model_validate(expected.spec).where)
    ups = dict(recording.targets())
    times = [
        time
        for series in recording.by_name.get(finding.metric, [])
        if series.target in ups and matchers.match(series.labels)
        if (time := _change(series, ups[series.target].times, started)) is not None
    ]
    return min(times, default=None)


def _change(series: Series, scrapes: list[float], started: float) -> float | None:
    before = [time for time in scrapes if time <= started]
    value = series.at(before[-1]) if before else None
    return next((time for time in scrapes if time > started and series.at(time) != value), None)
