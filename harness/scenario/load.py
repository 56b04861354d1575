"""Loads a scenario file: YAML with places, checked against the model, all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.actions.registry import actions, check_installed
from harness.base.words import meant
from harness.scenario.document import parse
from harness.scenario.include import with_includes
from harness.scenario.manifest import with_manifests
from harness.scenario.model import Scenario
from harness.scenario.panels import dashboards_of, with_panels
from harness.scenario.parameters import cases_of
from harness.scenario.positions import DocumentPath, Positions
from harness.scenario.problem import Problem, ScenarioError, in_order, told_once
from harness.scenario.text import read_text
from harness.scenario.translate import describe, problems_of

__all__ = ["ScenarioError", "ScenarioFile", "load", "validated"]


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario and where it came from.

    Attributes:
        path: the file.
        scenario: what it holds.
        positions: the places of its values.
        text: the whole file.
        data: the document as it is written, parameters and includes put in: short forms kept, no defaults.
        case: the name of the case, of a file with parameters.
        script: of a scenario in Python: performs its steps, of which `scenario` has none before. It is given
            what it performs them with (harness/runner/scenario_run.py: ScenarioRun).
        warnings: what is probably a mistake in it, once it has been checked.
    """

    path: Path
    scenario: Scenario
    positions: Positions
    text: str
    data: dict[str, Any]
    case: str | None = None
    script: Callable[[Any], None] | None = None
    warnings: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: `stressors[cpu]`; folders and Kubernetes have `stressors-cpu`."""
        safe = self.scenario.scenario
        return safe if self.case is None else f"{safe.removesuffix(f'-{self.case}')}[{self.case}]"

    def is_included(self, chaos: str) -> bool:
        """Say whether a chaos of that name stands in a file that this one includes."""
        return self.positions.at(("chaos", chaos)).file is not None

    def problem(
        self, at: DocumentPath, message: str, suggestion: str | None = None, *, warning: bool = False
    ) -> Problem:
        """Return a problem at a place of the document."""
        return Problem.at(self.path, self.positions.at(at), message, suggestion, warning=warning)


def load(path: Path, interval: float = 1.0) -> list[ScenarioFile]:
    """Return the scenarios that a file holds: one, or one for each of its cases.

    Checked is what the language itself says; references, the order of steps, metrics and the
    arguments of expectations have checks of their own.

    Args:
        path: the file.
        interval: between two scrapes, seconds: the ranges of dashboards' panels depend on it.

    Raises:
        ScenarioError: the file cannot be read or holds no scenario; with all problems at once.
    """
    text = read_text(path)
    data, positions, problems = parse(path, text)
    if not isinstance(data, dict):
        message = f"a scenario file holds a mapping that begins with `scenario: NAME`, not {describe(data)}"
        raise ScenarioError([*problems, Problem(path, 1, 1, message)])
    data, positions, wrong_includes = with_includes(path, data, positions)
    if wrong_includes:
        # What is not put in is missing in other places, and that is no mistake of its own.
        raise ScenarioError(in_order(path, [*problems, *wrong_includes]))
    data, positions, wrong_manifests = with_manifests(path, data, positions)
    if wrong_manifests:
        raise ScenarioError(in_order(path, [*problems, *wrong_manifests]))
    cases, wrong_parameters = cases_of(path, data, positions)
    if wrong_parameters:
        raise ScenarioError(in_order(path, [*problems, *wrong_parameters]))
    files, wrong = [], []
    for written in cases:
        case, wrong_panels = with_panels(path, written, interval, dashboards_of(path, written))
        scenario, found = (None, wrong_panels) if wrong_panels else validated(path, case.data, case.positions)
        wrong.append((case.name, found))
        if scenario is not None:
            files.append(ScenarioFile(path, scenario, case.positions, text, case.data, case.name))
    problems += told_once(wrong)
    if problems:
        raise ScenarioError(in_order(path, problems))
    return files


def validated(
    path: Path, data: dict[str, Any], positions: Positions
) -> tuple[Scenario | None, list[Problem]]:
    """Return the scenario of a document, if it is one, and what is wrong with it.

    Args:
        path: the file.
        data: the document, parameters and includes put in.
        positions: the places of its values.

    Raises:
        UsageError: an installed package brings a broken action.
    """
    check_installed()
    unknown = _unknown_chaos(data, path, positions)
    try:
        return Scenario.model_validate(data), unknown
    except ValidationError as error:
        found = problems_of(error, data, path, positions)
        # The model tells of the first unknown name only, and not where.
        return None, unknown + [
            item for item in found if not (unknown and "no chaos is named" in item.message)
        ]


def _unknown_chaos(data: dict[str, Any], path: Path, positions: Positions) -> list[Problem]:
    defined, steps = data.get("chaos"), data.get("steps")
    names = [str(name) for name in defined] if isinstance(defined, dict) else []
    found = []
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        for at, name in named_chaos(step):
            if not isinstance(name, str) or name in names:
                continue
            known = ", ".join(sorted(names)) or "none"
            message = f"no chaos is named `{name}` (defined: {known})"
            found.append(Problem.at(path, positions.at(("steps", index, *at)), message, meant(name, names)))
    return found


def named_chaos(step: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield what a step, as it is written, has where a chaos is named, and where in the step."""
    for name, action in actions().items() if isinstance(step, dict) else ():
        if action.chaos_at is None:
            continue
        found = step.get(name)
        for part in action.chaos_at:
            found = found.get(part) if isinstance(found, dict) else None
        yield (name, *action.chaos_at), found
