from collections.abc import Callable
from pathlib import Path

import pytest

from harness.scenario.load import load
from harness.scenario.problem import Problem, ScenarioError


@pytest.fixture
def scenario_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "s.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def problems(scenario_file: Callable[[str], Path]) -> Callable[[str], list[str]]:
    """Load a file that is wrong, and return its problems as they are shown, the folder left out."""

    def problems_of(text: str) -> list[str]:
        path = scenario_file(text)
        with pytest.raises(ScenarioError) as caught:
            load(path)
        return without_folder(caught.value.problems)

    return problems_of


@pytest.fixture
def shown() -> Callable[[list[Problem]], list[str]]:
    return without_folder


def without_folder(found: list[Problem]) -> list[str]:
    return [str(problem).removeprefix(f"{problem.path.parent}/") for problem in found]
