"""Loads a scenario file and checks all that can be known without a cluster."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from harness.base.defaults import DEFAULT_INTERVAL
from harness.chaosmesh.specs import check_specs
from harness.lint.boundary import check_boundary
from harness.lint.chaos import check_against_catalogue
from harness.lint.expectation import check_expectations
from harness.lint.names import check_names
from harness.lint.references import check_references
from harness.lint.rules.rule import check_rules
from harness.scenario.bounds import check_bounds
from harness.scenario.load import ScenarioError, ScenarioFile, load
from harness.scenario.problem import Problem, in_order, told_once
from harness.scenario.steps import check_steps


def load_checked(
    path: Path, interval: float = DEFAULT_INTERVAL, allowed: Collection[str] = ()
) -> list[ScenarioFile]:
    """Return the scenarios of a file, one or one for each case, in which nothing is known to be wrong.

    Args:
        path: the file.
        interval: between two scrapes, seconds: ranges of expressions depend on it.
        allowed: namespaces of others that scenarios may reach.

    Returns:
        Each with its warnings.

    Raises:
        ScenarioError: with all problems at once, each with its place.
    """
    files, problems = check(path, interval, allowed)
    if wrong := [problem for problem in problems if not problem.warning]:
        raise ScenarioError(wrong)
    return [replace(file, warnings=tuple(problems)) for file in files]


def check(
    path: Path, interval: float = DEFAULT_INTERVAL, allowed: Collection[str] = ()
) -> tuple[list[ScenarioFile], list[Problem]]:
    """Return the scenarios of a file, none when it cannot be read, and all that is known to be wrong.

    Warnings are among it.

    Args:
        path: the file.
        interval: between two scrapes, seconds.
        allowed: namespaces of others that scenarios may reach.
    """
    try:
        files = load(path, interval)
    except ScenarioError as error:
        return [], error.problems
    return files, in_order(
        path, told_once([(file.case, _problems(file, interval, allowed)) for file in files])
    )


def _problems(file: ScenarioFile, interval: float, allowed: Collection[str]) -> list[Problem]:
    return [
        *check_references(file),
        *check_steps(file),
        *check_bounds(file, interval),
        *check_against_catalogue(file),
        *check_names(file),
        *check_specs(file),
        *check_boundary(file, allowed),
        *check_expectations(file),
        *check_rules(file, interval),
    ]
