"""JUnit's XML: properties of scenarios, and the run's own checks as test cases."""

from __future__ import annotations

from typing import Any

import pytest

from harness.judge.finding import Verdict
from harness.report import view
from harness.report.checks import RunCheck
from harness.report.text import unmet_lines
from harness.results.scenario import ScenarioResult


def junit_properties(result: ScenarioResult) -> list[tuple[str, str]]:
    """Return names and values; a name may be there several times.

    `verdict`, `recording` and `diagnostics` (folders), `cluster` of a run on several; for each failed or
    undecided expectation `promql` and `layer`; `known_issue` for each that was seen, `skipped` with the
    missing capabilities, `should` for each expectation of that level that did not pass.
    """
    found = [("verdict", result.verdict.value), ("recording", str(result.recording))]
    if result.cluster is not None:
        found.append(("cluster", result.cluster))
    if result.diagnostics is not None:
        found.append(("diagnostics", str(result.diagnostics)))
    if result.verdict is Verdict.SKIPPED:
        found.append(("skipped", result.reason or ""))
    found += [("known_issue", issue) for issue in view.known_issues(result)]
    for each in view.wrong(result):
        if each.finding:
            found += [("promql", each.promql), ("layer", each.finding.layer or "unknown")]
    return found + [("should", line) for line in unmet_lines(result)]


def not_run_reports(
    nodeid: str, location: tuple[str, int | None, str], reason: str
) -> list[pytest.TestReport]:
    """Return a scenario that was not run as an error: neither passed nor skipped."""
    fields: dict[str, Any] = {"nodeid": nodeid, "location": location, "keywords": {}}
    return [
        pytest.TestReport(**fields, outcome="failed", longrepr=f"not run: {reason}", when="setup"),
        pytest.TestReport(**fields, outcome="passed", longrepr=None, when="teardown"),
    ]


def junit_reports(check: RunCheck) -> list[pytest.TestReport]:
    """Return a check as pytest reports a test: `run::contract`; one that could not be decided is an error.

    pytest and JUnit call what fails outside the test's own call an error.
    """
    good = check.verdict is Verdict.PASS
    fields: dict[str, Any] = {
        "nodeid": f"run::{check.name}",
        "location": ("run", None, check.name),
        "keywords": {},
        "user_properties": [("verdict", check.verdict.value)],
    }
    told = pytest.TestReport(
        **fields,
        outcome="passed" if good else "failed",
        longrepr=None if good else check.text(),
        when="setup" if check.verdict is Verdict.ERROR else "call",
    )
    return [told, pytest.TestReport(**fields, outcome="passed", longrepr=None, when="teardown")]
