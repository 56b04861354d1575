"""Findings as plain text, for the terminal and for JUnit."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from harness.base.defaults import DEFAULT_CLUSTER
from harness.judge.argument import labels_text, time_text
from harness.judge.control import Controlled, Outcome
from harness.judge.finding import Finding, Verdict
from harness.report.causes import causes
from harness.report.evidence import evidence_lines, number, table_lines
from harness.report.results import Results
from harness.runner.result import ScenarioResult, StepResult

_MOST_SERIES = 12
_WIDTH = 110
_EPOCH = re.compile(r"(?<![\w.])\d{10}\.\d{3}(?![\w.])")
"""A time in a reason: to thousandths of a second, and of this century."""


def scenario_text(result: ScenarioResult) -> str:
    """Return everything that went wrong in a scenario, in the order in which it did."""
    lines = [f"{result.name}: {result.verdict.value}"]
    if result.reason:
        lines.append(f"  {result.reason}")
        lines += [f"  {detail}" for detail in result.details if detail]
    for index, step in enumerate(result.steps):
        lines += _step_lines(index, step)
    for claim in result.control or []:
        lines += _control_lines(claim, result)
    if result.recording:
        lines.append(f"  recording: {result.recording}")
    if result.diagnostics:
        lines.append(f"  diagnostics: {result.diagnostics}")
    if result.diagnostics_error:
        lines.append(f"  {result.diagnostics_error}")
    return "\n".join(lines)


def unmet_lines(result: ScenarioResult) -> list[str]:
    """Return one line for each expectation of `level: should` that did not pass."""
    return [
        f"{result.name}, step {finding.step} ({step.title}): "
        f"{finding.metric or finding.promql} {finding.kind}: {finding.verdict.value}: {finding.reason}"
        for step, finding in result.unmet()
    ]


def should_lines(results: Results) -> list[str]:
    """Return in one line how expectations of `level: should` came out; nothing when all passed."""
    if not any(result.unmet() for result in results.scenarios):
        return []
    return [f"expectations of level should: {results.summary.text(should=True)}; they fail no scenario"]


def same_causes(results: Results) -> list[str]:
    """Return what was not run, and what could not be decided or verified, each cause once."""
    lines = []
    for cause in causes((each.name, each.reason) for each in results.not_run):
        lines += [f"not run: {len(cause.names)}: {cause.reason}", f"  {cause.named()}"]
    errors = [each for each in results.scenarios if each.verdict is Verdict.ERROR and each.reason]
    for cause in causes((each.name, each.reason or "") for each in errors):
        if len(cause.names) > 1:
            lines += [f"error: {len(cause.names)} of the same cause: {cause.reason}", f"  {cause.named()}"]
    unknown = [
        (each.name, left.what_was_done)
        for each in results.all_planned()
        for left in each.leftovers[:1]
        if all(other.infrastructure for other in each.leftovers)
    ]
    for cause in causes(unknown):
        lines += [f"clean-up not verified: {len(cause.names)}: {cause.reason}", f"  {cause.named()}"]
    return lines


def left_lines(results: Results, cluster: str) -> list[str]:
    """Return the namespaces that may still be there after a run that was interrupted, and what removes them.

    Args:
        results: of the run.
        cluster: its name.
    """
    if results.run.interrupted is None:
        return []
    left = [
        name.name for each in results.all_planned() for name in each.leftovers if name.kind == "Namespace"
    ]
    left += [name for each in results.not_run if each.began for name in each.namespaces if name not in left]
    if not left:
        return []
    option = f" --cluster {cluster}" if cluster != DEFAULT_CLUSTER else ""
    return [
        f"may be left behind: namespace {', namespace '.join(dict.fromkeys(left))}",
        f"  remove it now: chaos-harness sweep{option}; or the next run does",
    ]


def leftovers_text(result: ScenarioResult) -> str:
    """Return what the clean-up of a scenario had to report."""
    lines = [f"the clean-up of {result.name} found leftovers:"]
    lines += [f"  {left.kind} {left.name}: {left.what_was_done}" for left in result.leftovers]
    if result.diagnostics:
        lines.append(f"  diagnostics: {result.diagnostics}")
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


def _control_lines(claim: Controlled, result: ScenarioResult) -> list[str]:
    """Return what a control run says of a claim that is neither excused nor needs the chaos."""
    if claim.outcome not in (Outcome.VACUOUS, Outcome.UNDECIDED):
        return []
    holds = {True: "holds without the chaos", None: "could not be told without the chaos"}
    lines = [
        f"  step {claim.step}: {result.steps[claim.step].title}",
        f"    {claim.outcome.value}: {claim.claim}",
        f"      {holds.get(claim.holds, 'does not hold without the chaos')}",
    ]
    if claim.promql:
        lines.append(f"      promql:     {claim.promql}")
    lines += [f"      no excuse:  {reason}" for reason in claim.not_excused]
    if claim.next_step:
        lines.append(f"      next step:  {claim.next_step}")
    return lines


def finding_lines(finding: Finding) -> list[str]:
    """Return one finding: PromQL, expected and actual, the reason, the layer, and what they rest on."""
    only = " (should)" if finding.level == "should" else ""
    head = f"{finding.verdict.value}{only}: {finding.metric or 'expression'} {finding.kind}"
    if finding.known_issue:
        head += f" [{finding.known_issue}]"
    lines = [head, f"  promql:   {finding.promql}", f"  expected: {finding.expected}"]
    lines += _actual_lines(finding)
    lines.append(f"  reason:   {with_clock(finding.reason)}")
    if finding.because:
        lines.append(f"  because:  {finding.because}")
    if finding.layer or finding.explanation:
        lines.append(f"  layer:    {finding.layer or 'unknown'}")
    for sentence in finding.explanation:
        lines += textwrap.wrap(
            sentence,
            _WIDTH,
            initial_indent="    ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines + evidence_lines(finding.evidence)


def _actual_lines(finding: Finding) -> list[str]:
    if table := finding.evidence.get("table"):
        return ["  actual:", *(f"    {line}" for line in table_lines(table, _MOST_SERIES))]
    if not finding.actual:
        return ["  actual:   no series"]
    shown = [f"{labels_text(each['labels'])} {_value(each)}" for each in finding.actual[:_MOST_SERIES]]
    lines = [f"  {'actual:  ' if index == 0 else '         '} {text}" for index, text in enumerate(shown)]
    if len(finding.actual) > _MOST_SERIES:
        lines.append(f"            ... and {len(finding.actual) - _MOST_SERIES} more series")
    return lines


def _value(series: dict[str, Any]) -> str:
    value = number(series["value"])
    if "increase" not in series:
        return value
    return f"{value}, grew by {number(series['increase'])} from {number(series['baseline'])}"


def with_clock(reason: str) -> str:
    """Return a reason with the times in it as a clock shows them."""
    return _EPOCH.sub(lambda found: time_text(float(found.group())), reason)
