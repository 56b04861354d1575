"""A failure as the text of an issue for those who develop Chaos Mesh: Markdown, to be pasted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.judge.argument import labels_text
from harness.judge.wording import with_clock
from harness.report.evidence import table_lines
from harness.report.values import value_text
from harness.report.view import ReportEntry
from harness.results.scenario import ScenarioResult

_MOST_SERIES = 12
_MOST_MANIFESTS = 4


def issue_text(entry: ReportEntry, result: ScenarioResult, stack: Mapping[str, Any], known: Catalogue) -> str:
    """Return the issue: what was expected and seen, how to see it again, and where it is made.

    Args:
        entry: the failure.
        result: of its scenario.
        stack: of the run, as results.json has it; empty when there was none.
        known: names the place in the code that makes a metric.
    """
    return "\n\n".join(part for part in _parts(entry, result, stack, known) if part) + "\n"


def _parts(
    entry: ReportEntry, result: ScenarioResult, stack: Mapping[str, Any], known: Catalogue
) -> Iterator[str]:
    place = f"{entry.at} " if entry.at else ""
    yield f"# {entry.first_line.removeprefix(place)}"
    if versions := stack.get("versions"):
        listed = ", ".join(f"{name} {version}" for name, version in versions.items())
        yield f"Seen with {listed}; scraped every {stack.get('scrape_interval', 0):g} s."
    yield _expected(entry)
    if entry.promql:
        yield "PromQL:\n\n" + _block(entry.promql, "promql")
    manifests = list(result.manifests.values())[:_MOST_MANIFESTS]
    if manifests:
        yield "Chaos that was applied:\n\n" + _block("---\n".join(manifests), "yaml")
    metric = known.find(entry.finding.metric) if entry.finding else None
    if metric is not None and metric.source:
        yield f"Made in: {metric.source}"
    yield f"Found by the scenario {result.name} ({entry.at or result.file}), {entry.place}."


def _expected(entry: ReportEntry) -> str:
    finding = entry.finding
    if finding is None:
        details = entry.problem.details if entry.problem else []
        return "\n\n".join([entry.reason, *([_block("\n".join(details))] if details else [])])
    if table := finding.evidence.get("table"):
        actual = "Expected and actual series:\n\n" + _block("\n".join(table_lines(table, _MOST_SERIES)))
    else:
        about = finding.metric or finding.promql
        rows = [
            f"{labels_text(row['labels'])} {value_text(about, float(row['value']))}"
            for row in finding.actual[:_MOST_SERIES]
        ]
        actual = "Actual:\n\n" + _block("\n".join(rows) or "no series")
    told = [with_clock(finding.reason), *map(with_clock, finding.explanation)]
    if finding.layer:
        told.append(f"Layer: {finding.layer}.")
    return "\n\n".join([f"Expected: {finding.expected}", actual, "\n".join(told)])


def _block(text: str, language: str = "") -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
