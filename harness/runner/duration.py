"""How long scenarios may take, and are expected to: by the scrapes that they wait for."""

from __future__ import annotations

from collections.abc import Sequence

from harness.base.durations import text_of
from harness.base.words import count
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Scenario

_USUAL_SCRAPES = 2
"""Until a scrape shows what a step has brought about: the one under way is too early."""
_STEP_SECONDS = 1.0
_SCENARIO_SECONDS = 5.0
"""Of a namespace, a workload and the clean-up."""


def time_limit(scenario: Scenario, interval: float) -> float:
    """Return after how long a scenario is ended, seconds: its timeout, longer where scrapes are rarer.

    Args:
        scenario: whose timeout is written for a scrape each second.
        interval: between two scrapes, seconds.
    """
    return scenario.timeout * max(1.0, interval)


def expected_seconds(scenario: Scenario, interval: float) -> float:
    """Return about how long a scenario takes that passes, seconds."""
    scrapes = 0
    for step in scenario.steps:
        held = max((expectation.hold for expectation in step.expect), default=0)
        scrapes += step.act.scrapes
        scrapes += max(_USUAL_SCRAPES, held) if step.expect else 0
    return _SCENARIO_SECONDS + len(scenario.steps) * _STEP_SECONDS + scrapes * interval


def expected_duration(files: Sequence[ScenarioFile], interval: float, parallel: int = 1) -> str:
    """Return a sentence about how long scenarios take.

    Args:
        files: the scenarios.
        interval: between two scrapes, seconds.
        parallel: how many of them may run at the same time.
    """
    each = [expected_seconds(file.scenario, interval) for file in files]
    seconds = max(sum(each) / max(parallel, 1), max(each, default=0.0))
    return (
        f"scraped every {interval:g} s: about {text_of(round(seconds))} for {count(len(files), 'scenario')}, "
        "if all pass"
    )
