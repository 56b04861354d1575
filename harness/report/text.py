"""Findings as plain text, for the terminal and for JUnit."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import Any

from harness.base.words import count, nth_step
from harness.judge.argument import labels_text
from harness.judge.finding import Finding, Verdict
from harness.judge.wording import head, subject, with_clock
from harness.report.causes import causes
from harness.report.evidence import evidence_lines, number, table_lines
from harness.report.values import value_text
from harness.report.view import ReportEntry, entries, first_lines, not_run, not_verified, unmet
from harness.results.results import Results
from harness.results.scenario import ScenarioResult

_MOST_SERIES = 12
_MOST_WRONG = 20


def scenario_text(result: ScenarioResult) -> str:
    """Return everything that went wrong in a scenario, in the order in which it did."""
    lines = [f"{result.name}: {result.verdict.value}"]
    if result.cluster:
        lines.append(f"  cluster: {result.cluster}")
    if result.reason:
        lines.append(f"  {result.reason}")
        lines += [f"  {detail}" for detail in result.details if detail]
    for (step, title), told in groupby(entries(result), key=lambda each: (each.step, each.title)):
        lines.append(f"  {nth_step(step)}: {title}")
        lines += [f"    {line}" for entry in told for line in _entry_lines(entry)]
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
        f"{f'{each.at} ' if each.at else ''}{result.name}, {each.place}: {each.sentence}"
        for each in unmet(result)
    ]


def cluster_lines(results: Results) -> list[str]:
    """Return which cluster of a run on several had how many scenarios, and which were not used, or lost."""
    clusters = results.run.clusters
    if not clusters:
        return []
    ran = Counter(each.cluster for each in results.scenarios)
    told = (f"{each.name} {count(ran[each.name], 'scenario')}" for each in clusters if each.since)
    lines = [f"clusters: {', '.join(told)}"]
    for each in clusters:
        if each.problem and each.since:
            lines.append(f"the cluster {each.name} was taken out: {each.problem}")
        elif each.problem:
            lines.append(f"the cluster {each.name} was not used: {each.problem}")
    return lines


def should_lines(results: Results) -> list[str]:
    """Return in one line how expectations of `level: should` came out; nothing when all passed."""
    if not any(result.unmet() for result in results.scenarios):
        return []
    return [f"expectations of level should: {results.summary.text(should=True)}; they fail no scenario"]


def wrong_lines(results: Results) -> list[str]:
    """Return the first line of each failure; pytest cuts those in its short summary to the width."""
    lines = [line for result in results.scenarios for line in first_lines(result)]
    left = len(lines) - _MOST_WRONG
    return lines[:_MOST_WRONG] + ([f"and {left} more, in results.json"] if left > 0 else [])


def same_causes(results: Results) -> list[str]:
    """Return what was not run, and what could not be decided or verified, each cause once."""
    lines = []
    for cause in not_run(results):
        lines += [f"not run: {len(cause.names)}: {cause.reason}", f"  {cause.named()}"]
    errors = [each for each in results.scenarios if each.verdict is Verdict.ERROR and each.reason]
    for cause in causes((each.name, each.reason or "") for each in errors):
        if len(cause.names) > 1:
            lines += [f"error: {len(cause.names)} of the same cause: {cause.reason}", f"  {cause.named()}"]
    lines += [
        f"{each.name}: {each.first_attempt.sentence}" for each in results.scenarios if each.first_attempt
    ]
    for cause in not_verified(results):
        lines += [f"clean-up not verified: {len(cause.names)}: {cause.reason}", f"  {cause.named()}"]
    return lines


def left_lines(results: Results, words: str) -> list[str]:
    """Return the namespaces that may still be there after a run that was interrupted, and what removes them.

    Args:
        results: of the run.
        words: the options that name the cluster; empty for the default one.
    """
    if results.run.interrupted is None:
        return []
    left = [
        name.name for each in results.all_planned() for name in each.leftovers if name.kind == "Namespace"
    ]
    left += [name for each in results.not_run if each.began for name in each.namespaces if name not in left]
    if not left:
        return []
    option = f" {words}" if words else ""
    return [
        f"may be left behind: namespace {', namespace '.join(dict.fromkeys(left))}",
        f"  remove it now: chaos-harness sweep{option}; or the next run does",
    ]


def leftovers_text(result: ScenarioResult) -> str:
    """Return what the clean-up of a scenario had to report."""
    place = result.places.get("")
    lines = [f"{f'{place} ' if place else ''}the clean-up of {result.name} found leftovers:"]
    lines += [f"  {left.sentence}" for left in result.leftovers]
    if result.diagnostics:
        lines.append(f"  diagnostics: {result.diagnostics}")
    return "\n".join(lines)


def _entry_lines(entry: ReportEntry) -> list[str]:
    if entry.finding:
        told = finding_lines(entry.finding)
        return [told[0], *_at(entry, "       "), *told[1:]]
    if entry.problem:
        return [entry.sentence, *_at(entry, " "), *(f"  {detail}" for detail in entry.problem.details)]
    assert entry.claim is not None
    lines = [entry.head, *_at(entry, "         "), f"  reason:     {entry.reason}"]
    if entry.promql:
        lines.append(f"  promql:     {entry.promql}")
    lines += [f"  not exempt: {reason}" for reason in entry.claim.not_excused]
    if entry.claim.next_step:
        lines.append(f"  next step:  {entry.claim.next_step}")
    return lines


def _at(entry: ReportEntry, gap: str) -> list[str]:
    return [f"  at:{gap}{entry.at}"] if entry.at else []


def finding_lines(finding: Finding) -> list[str]:
    """Return one finding: PromQL, expected and actual, the reason, the layer, and what they rest on."""
    lines = [head(finding), f"  promql:   {finding.promql}", f"  expected: {finding.expected}"]
    lines += _actual_lines(finding)
    lines.append(f"  reason:   {with_clock(finding.reason)}")
    if finding.because:
        lines.append(f"  because:  {finding.because}")
    if finding.layer or finding.explanation:
        lines.append(f"  layer:    {finding.layer or 'unknown'}")
    lines += [f"    {sentence}" for sentence in finding.explanation]
    return lines + evidence_lines(finding.evidence)


def _actual_lines(finding: Finding) -> list[str]:
    if table := finding.evidence.get("table"):
        return ["  actual:", *(f"    {line}" for line in table_lines(table, _MOST_SERIES))]
    if not finding.actual:
        return ["  actual:   no series"]
    about = subject(finding)
    shown = [f"{labels_text(each['labels'])} {_value(about, each)}" for each in finding.actual[:_MOST_SERIES]]
    lines = [f"  {'actual:  ' if index == 0 else '         '} {text}" for index, text in enumerate(shown)]
    if len(finding.actual) > _MOST_SERIES:
        lines.append(f"            ... and {len(finding.actual) - _MOST_SERIES} more series")
    return lines


def _value(about: str, series: dict[str, Any]) -> str:
    if "increase" not in series:
        return value_text(about, float(series["value"]))
    value = number(series["value"])
    return f"{value}, grew by {number(series['increase'])} from {number(series['baseline'])}"
