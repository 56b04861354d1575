"""The fixtures for files with problems, which loading and linting share."""

from tests.scenario.conftest import problems, scenario_file, shown

__all__ = ["problems", "scenario_file", "shown"]
