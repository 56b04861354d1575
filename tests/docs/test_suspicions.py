"""Each suspicion names its outcome, and scenarios that are there and show it."""

import re
from pathlib import Path

import yaml

from harness.base import bundled

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "suspicions.md").read_text()
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| S")
]


def texts() -> dict[str, str]:
    found = (path.read_text() for path in bundled.scenarios().rglob("[!_]*.yaml"))
    return {yaml.safe_load(text)["scenario"]: text for text in found}


def test_each_suspicion_is_there_once() -> None:
    assert [row[0] for row in ROWS] == [f"S{number}" for number in range(1, 26)]


def test_scenarios_that_are_named_are_there_and_name_the_known_issue() -> None:
    known = texts()
    for number, _, outcome, cell in ROWS:
        names = [each.partition("[")[0] for each in re.findall(r"`([^`]+)`", cell)]
        assert set(names) <= set(known), number
        for issue in re.findall(r"known-issues/([\w-]+)\.md", outcome):
            assert any(issue in known[name] for name in names), (number, issue)
