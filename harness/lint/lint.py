"""`chaos-harness lint`: tells all that is wrong in scenario files, without a cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.base import bundled
from harness.base.errors import ExitCode, UsageError
from harness.base.words import count
from harness.lint import python
from harness.lint.check import check
from harness.scenario.discover import discover
from harness.scenario.load import ScenarioFile
from harness.scenario.names import TakenNames
from harness.scenario.problem import Problem, ScenarioError


@dataclass(frozen=True)
class LintResult:
    """What was found.

    Attributes:
        problems: in the order of the files.
        scenarios: how many were checked.
        files: how many they are in.
    """

    problems: tuple[Problem, ...]
    scenarios: int
    files: int

    @property
    def total(self) -> str:
        """How many there are, in one line."""
        warnings = sum(problem.warning for problem in self.problems)
        errors = count(len(self.problems) - warnings, "problem")
        there = f"{count(self.scenarios, 'scenario')} in {count(self.files, 'file')}"
        return f"{there}, {errors}" + (f", {count(warnings, 'warning')}" if warnings else "")

    @property
    def exit_code(self) -> ExitCode:
        """The code that the command ends with; warnings alone are none."""
        return ExitCode.OK if all(problem.warning for problem in self.problems) else ExitCode.USAGE


def run(paths: Iterable[Path], interval: float, allowed: Collection[str] = ()) -> LintResult:
    """Check scenario files.

    Args:
        paths: files, or folders with scenario files in them; all that ship with the harness when empty.
        interval: between two scrapes, seconds.
        allowed: namespaces of others that scenarios may reach.
    """
    files, problems = _find(list(paths) or [bundled.scenarios()])
    names = TakenNames()
    scenarios = 0
    for path in files:
        found, wrong = (
            _rehearsed(path, interval, allowed) if path.suffix == ".py" else check(path, interval, allowed)
        )
        scenarios += len(found)
        problems += [*wrong, *filter(None, map(names.take, found))]
    # What is wrong with a file that several scenarios name is told once.
    problems = list(dict.fromkeys(problems))
    return LintResult(tuple(problems), scenarios, len(files))


def _rehearsed(
    path: Path, interval: float, allowed: Collection[str]
) -> tuple[list[ScenarioFile], list[Problem]]:
    """Return the scenarios of a Python file, and what is wrong with those whose steps make no sense."""
    try:
        files = python.rehearsed(path, interval, allowed)
        return files, [warning for file in files for warning in file.warnings]
    except ScenarioError as error:
        return [], error.problems
    except UsageError as error:
        return [], [Problem(path, 0, 0, "; ".join([str(error), *error.details]))]


def _find(paths: list[Path]) -> tuple[list[Path], list[Problem]]:
    """Return the scenario files at or below the paths, each once, and which paths have none."""
    files: dict[Path, Path] = {}
    problems = []
    for path in paths:
        scripts = python.discover([path])
        try:
            found = [*(discover([path]) if path not in scripts else []), *scripts]
        except ScenarioError as error:
            problems += error.problems
            continue
        if not found:
            problems.append(Problem(path, 0, 0, "holds no scenario file: none begins with `scenario: NAME`"))
        for file in found:
            files.setdefault(file.resolve(), file)
    return list(files.values()), problems
