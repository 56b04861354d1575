"""Annotations of GitHub Actions: a failure at its line of the scenario file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.judge.finding import Verdict
from harness.report import view
from harness.report.checks import RunCheck
from harness.report.view import ReportEntry
from harness.results.places import document_path
from harness.results.scenario import ScenarioResult
from harness.scenario.load import ScenarioFile
from harness.scenario.positions import DocumentPath

_MOST_TEXT = 4000
"""Letters of one message; GitHub cuts off what is much longer."""


def error_of(check: RunCheck) -> str:
    """Return the workflow command for a check of the run that did not pass; it has no place in a file."""
    return f"::error title={_property(f'the run: {check.name}')}::{_data(check.text()[:_MOST_TEXT])}"


def errors(file: ScenarioFile, result: ScenarioResult, root: Path) -> Iterator[str]:
    """Yield a workflow command for each thing that went wrong in a scenario.

    Args:
        file: the scenario.
        result: what it came to.
        root: the checkout, which GitHub's paths are relative to.
    """
    for each in view.wrong(result):
        yield _error(
            file,
            document_path(each.finding.id if each.finding else str(each.step)),
            root,
            f"{result.name}: {each.title}",
            _text(each),
        )
    if result.verdict in (Verdict.FAIL, Verdict.ERROR) and result.reason:
        text = "\n".join([result.reason, *filter(None, result.details)])
        yield _error(file, ("scenario",), root, f"{result.name}: {result.verdict.value}", text)
    for left in result.leftovers:
        yield _error(
            file,
            ("scenario",),
            root,
            f"{result.name}: left behind",
            left.sentence,
        )


def _text(entry: ReportEntry) -> str:
    lines = [entry.first_line, entry.sentence, *(entry.problem.details if entry.problem else ())]
    lines += [f"promql: {entry.promql}"] if entry.promql else []
    if entry.finding:
        lines.append(f"expected: {entry.finding.expected}")
        lines += [f"layer: {entry.finding.layer}"] if entry.finding.layer else []
    return "\n".join(lines)


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
