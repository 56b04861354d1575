"""Annotations of GitHub Actions: a failure at its line of the scenario file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.judge.finding import Finding, Verdict
from harness.report.checks import Check
from harness.runner.result import ScenarioResult
from harness.scenario.load import ScenarioFile
from harness.scenario.positions import DocumentPath

_MOST_TEXT = 4000
"""Letters of one message; GitHub cuts off what is much longer."""


def error_of(check: Check) -> str:
    """Return the workflow command for a check of the run that did not pass; it has no place in a file."""
    return f"::error title={_property(f'the run: {check.name}')}::{_data(check.text()[:_MOST_TEXT])}"


def errors(file: ScenarioFile, result: ScenarioResult, root: Path) -> Iterator[str]:
    """Yield a workflow command for each thing that went wrong in a scenario.

    Args:
        file: the scenario.
        result: what it came to.
        root: the checkout, which GitHub's paths are relative to.
    """
    for index, step in enumerate(result.steps):
        if step.problem is not None:
            text = "\n".join([f"{step.problem.kind}: {step.problem.reason}", *step.problem.details])
            yield _error(file, ("steps", index), root, f"{result.name}: {step.title}", text)
        for finding in step.findings:
            if finding.level == "must" and finding.verdict in (Verdict.FAIL, Verdict.ERROR):
                at: DocumentPath = ("steps", index, "expect", _position(finding))
                yield _error(file, at, root, f"{result.name}: {step.title}", _text(finding))
    if result.verdict in (Verdict.FAIL, Verdict.ERROR) and result.reason:
        text = "\n".join([result.reason, *filter(None, result.details)])
        yield _error(file, ("scenario",), root, f"{result.name}: {result.verdict.value}", text)
    for left in result.leftovers:
        yield _error(
            file,
            ("scenario",),
            root,
            f"{result.name}: left behind",
            f"{left.kind} {left.name}: {left.what_was_done}",
        )


def _position(finding: Finding) -> int:
    # An id is "<step>.<position>".
    position = finding.id.rpartition(".")[2]
    return int(position) if position.isdecimal() else 0


def _text(finding: Finding) -> str:
    lines = [
        f"{finding.metric or 'expression'} {finding.kind}: {finding.reason}",
        f"promql: {finding.promql}",
        f"expected: {finding.expected}",
    ]
    return "\n".join([*lines, *([f"layer: {finding.layer}"] if finding.layer else [])])


def _error(file: ScenarioFile, at: DocumentPath, root: Path, title: str, text: str) -> str:
    place = file.positions.at(at)
    path = os.path.relpath(place.file or file.path, root)
    fields = {"file": path, "line": str(place.line), "col": str(place.column), "title": title}
    told = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::error {told}::{_data(text[:_MOST_TEXT])}"


def _data(text: str) -> str:
    """Return a message as a workflow command has it, on one line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
