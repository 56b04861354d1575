from collections.abc import Callable
from pathlib import Path

import pytest

from harness.lint.rules.rule import check_rules
from harness.scenario.load import load


@pytest.fixture
def check_text(tmp_path: Path) -> Callable[..., list[str]]:
    """Check a whole scenario; its problems are told without the file's name."""

    def checked(text: str, interval: float = 1.0) -> list[str]:
        path = tmp_path / "s.yaml"
        path.write_text(text)
        problems = [problem for file in load(path) for problem in check_rules(file, interval)]
        return [str(problem).removeprefix(f"{path}:") for problem in problems]

    return checked


@pytest.fixture
def check(check_text: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Check the expectations of one step: each begins a line, from line 6 on, and its keys follow."""

    def checked(*expectations: str, interval: float = 1.0) -> list[str]:
        lines = "".join(
            "    - " + "\n      ".join(expectation.split("; ")) + "\n" for expectation in expectations
        )
        return check_text("scenario: a\nabout: b\nsteps:\n- wait: 1\n  expect:\n" + lines, interval)

    return checked
