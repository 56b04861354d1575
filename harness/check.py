"""Loads a scenario file and checks all that can be known without a cluster."""

from __future__ import annotations

from pathlib import Path

from harness.chaos.check import check_against_catalogue
from harness.chaos.names import check_names
from harness.judge.check import check_expectations
from harness.scenario.load import ScenarioError, ScenarioFile, load
from harness.scenario.references import check_references
from harness.scenario.steps import check_steps


def load_checked(path: Path) -> ScenarioFile:
    """Return a scenario file in which nothing is known to be wrong.

    Raises:
        ScenarioError: with all problems at once, each with its place.
    """
    file = load(path)
    problems = [
        *check_references(file),
        *check_steps(file),
        *check_against_catalogue(file),
        *check_names(file),
        *check_expectations(file),
    ]
    if problems:
        raise ScenarioError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return file
