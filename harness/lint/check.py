"""Loads a scenario file and checks all that can be known without a cluster."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from harness.base.defaults import DEFAULT_INTERVAL
from harness.chaosmesh.catalogue.own import catalogue_of
from harness.lint.boundary import check_boundary
from harness.lint.bounds import check_bounds
from harness.lint.chaos import check_against_catalogue
from harness.lint.expectation import check_expectations
from harness.lint.names import check_names
from harness.lint.references import check_references
from harness.lint.rules.rule import check_rules
from harness.lint.specs import check_specs
from harness.lint.steps import check_order, check_proofs
from harness.oracles.base import check_installed
from harness.scenario.load import ScenarioError, ScenarioFile, load
from harness.scenario.problem import Problem, in_order, told_once


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

    Raises:
        UsageError: an installed package brings a broken action or oracle.
    """
    check_installed()
    try:
        catalogue_of(path)
        files = load(path, interval)
    except ScenarioError as error:
        return [], error.problems
    return files, in_order(
        path, told_once([(file.case, problems_of(file, interval, allowed)) for file in files])
    )


def problems_of(
    file: ScenarioFile, interval: float, allowed: Collection[str], last: int | None = None
) -> list[Problem]:
    """Return all that can be known to be wrong with a scenario without a cluster: the one list of checks.

    Args:
        file: the scenario.
        interval: between two scrapes, seconds.
        allowed: namespaces of others that scenarios may reach.
        last: of a scenario that grows step by step, the one to check; those before it were, and what only all
            steps together can be asked is not known yet.
    """
    whole = last is None
    new = file if last is None else _alone(file, last)
    since = last or 0
    return [
        *check_references(file, since),
        *check_order(file, since),
        *(check_proofs(file) if whole else []),
        *(check_bounds(file, interval) if whole else []),
        *check_against_catalogue(new),
        *check_names(new),
        *check_specs(new),
        *check_boundary(new, allowed),
        *check_expectations(new),
        *check_rules(new, interval),
    ]


def _alone(file: ScenarioFile, index: int) -> ScenarioFile:
    """Return a scenario of one step, and of the chaos that it is about."""
    step = file.scenario.steps[index]
    chaos = {name: each for name, each in file.scenario.chaos.items() if name == step.chaos}
    return replace(
        file,
        scenario=file.scenario.model_copy(update={"steps": [step], "chaos": chaos}),
        data={**file.data, "steps": [file.data["steps"][index]]},
        positions=file.positions.extended({("steps", 0): file.positions.at(("steps", index))}),
    )
