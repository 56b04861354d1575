"""What no run has seen yet is expected for a reason that can be looked up in a source."""

import re
from pathlib import Path

import pytest

from harness.docs_pages.page import Sources
from harness.docs_pages.seen import unseen
from harness.scenario.load import ScenarioFile

PLACE = re.compile(r"[\w-]\.(go|rs|yaml|py):\d+")
OF_GRAFANA = "grafana"
"""What panels show follows from their expressions, which other scenarios have proven."""


def left() -> list[ScenarioFile]:
    sources = Sources(Path())
    cases = {case.name: case for cases in sources.files for case in cases}
    return [
        cases[name] for name in unseen(cases, sources.seen) if OF_GRAFANA not in cases[name].scenario.tags
    ]


@pytest.mark.parametrize("case", left(), ids=lambda case: case.name)
def test_what_was_never_seen_names_file_and_line(case: ScenarioFile) -> None:
    without = [
        f"step {number}: {expectation.metric or expectation.promql}"
        for number, step in enumerate(case.scenario.steps, 1)
        for expectation in step.expect
        if not PLACE.search(expectation.because or "")
    ]
    assert without == [], "name the file and line of Chaos Mesh's source in `because`"
