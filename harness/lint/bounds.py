"""Checks that a scenario can be over before its time is up."""

from __future__ import annotations

from harness.base.durations import text_of
from harness.scenario.load import ScenarioFile
from harness.scenario.problem import Problem


def check_bounds(file: ScenarioFile, interval: float) -> list[Problem]:
    """Return a problem when the scrapes alone that a scenario waits for take longer than its timeout.

    Args:
        file: the scenario.
        interval: between two scrapes, seconds.
    """
    scenario = file.scenario
    waits = sum(step.act.scrapes for step in scenario.steps) * interval
    if waits <= scenario.timeout:
        return []
    message = f"its waits alone take {waits:g} s, longer than its timeout of {text_of(scenario.timeout)}"
    key = "timeout" if "timeout" in file.data else "steps"
    return [file.problem((key,), message)]
