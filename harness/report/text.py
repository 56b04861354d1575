"""Findings as plain text, for the terminal and for JUnit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from harness.judge.finding import Finding, Verdict
from harness.runner.result import ScenarioResult, StepResult

_MOST_SERIES = 12
_MOST_ROWS = 4
_MOST_SAMPLES = 6
_TARGET_LABELS = ("instance", "job", "node")


def scenario_text(result: ScenarioResult) -> str:
    """Return everything that went wrong in a scenario, in the order in which it did."""
    lines = [f"{result.name}: {result.verdict.value}"]
    if result.reason:
        lines.append(f"  {result.reason}")
        lines += [f"  {detail}" for detail in result.details if detail]
    for index, step in enumerate(result.steps):
        lines += _step_lines(index, step)
    if result.recording:
        lines.append(f"  recording: {result.recording}")
    return "\n".join(lines)


def unmet_lines(result: ScenarioResult) -> list[str]:
    """Return one line for each expectation of `level: should` that did not pass."""
    return [
        f"{result.name}, step {finding.step} ({step.title}): "
        f"{finding.metric or finding.promql} {finding.kind}: {finding.verdict.value}: {finding.reason}"
        for step, finding in result.unmet()
    ]


def leftovers_text(result: ScenarioResult) -> str:
    """Return what the clean-up of a scenario had to report."""
    lines = [f"the clean-up of {result.name} found leftovers:"]
    lines += [f"  {left.kind} {left.name}: {left.what_was_done}" for left in result.leftovers]
    return "\n".join(lines)


def _step_lines(index: int, step: StepResult) -> list[str]:
    told = [finding for finding in step.findings if finding.verdict is not Verdict.PASS]
    if not told and step.problem is None:
        return []
    lines = [f"  step {index}: {step.title}"]
    if step.problem:
        lines.append(f"    {step.problem.kind}: {step.problem.reason}")
        lines += [f"      {detail}" for detail in step.problem.details]
    for finding in told:
        lines += [f"    {line}" for line in finding_lines(finding)]
    return lines


def finding_lines(finding: Finding) -> list[str]:
    """Return one finding: PromQL, expected and actual, the reason, samples around."""
    only = " (should)" if finding.level == "should" else ""
    head = f"{finding.verdict.value}{only}: {finding.metric or 'expression'} {finding.kind}"
    if finding.known_issue:
        head += f" [{finding.known_issue}]"
    lines = [head, f"  promql:   {finding.promql}", f"  expected: {finding.expected}"]
    lines += _actual_lines(finding.actual)
    lines.append(f"  reason:   {finding.reason}")
    if finding.because:
        lines.append(f"  because:  {finding.because}")
    if finding.layer:
        lines.append(f"  layer:    {finding.layer}")
    for name, value in finding.evidence.items():
        if value:
            lines += _evidence_lines(name, value)
    return lines


def labels_text(labels: dict[str, str]) -> str:
    """Return a label set as PromQL writes it."""
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


def _actual_lines(actual: list[dict[str, Any]]) -> list[str]:
    if not actual:
        return ["  actual:   no series"]
    lines = [
        f"  {'actual:  ' if position == 0 else '         '} {labels_text(series['labels'])} {series['value']}"
        for position, series in enumerate(actual[:_MOST_SERIES])
    ]
    if len(actual) > _MOST_SERIES:
        lines.append(f"            ... and {len(actual) - _MOST_SERIES} more series")
    return lines


def _evidence_lines(name: str, value: Any) -> list[str]:
    if name == "samples":
        return ["  samples (scrape time, value):", *(f"    {line}" for line in _sample_lines(value))]
    if name in ("resets", "nearest", "readings"):
        rows = [f"    {item}" for item in value[:_MOST_ROWS]]
        more = [f"    ... and {len(value) - _MOST_ROWS} more"] if len(value) > _MOST_ROWS else []
        return [f"  {name}:", *rows, *more]
    return []


def _sample_lines(series: list[dict[str, Any]]) -> list[str]:
    lines = []
    for each in series[:_MOST_ROWS]:
        values = ", ".join(f"{_clock(time)} {value}" for time, value in each["samples"][-_MOST_SAMPLES:])
        lines.append(f"{_short(each['labels'])}: {values}")
    if len(series) > _MOST_ROWS:
        lines.append(f"... and {len(series) - _MOST_ROWS} more series, in results.json")
    return lines


def _short(labels: dict[str, str]) -> str:
    """Return a label set without the target's own labels, which all series of a scrape share."""
    return labels_text({name: value for name, value in labels.items() if name not in _TARGET_LABELS})


def _clock(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%H:%M:%S.%f")[:-3]
