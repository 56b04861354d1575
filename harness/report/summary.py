"""report/summary.md: what came out, for a page of CI. Failures first, with PromQL and evidence."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.base.files import PUBLIC, append, write_whole
from harness.base.redaction import redact_shapes
from harness.judge.finding import Verdict
from harness.report import view
from harness.report.checks import RunCheck
from harness.report.outcome import headline
from harness.report.text import cluster_lines, scenario_text, should_lines
from harness.results.folder import SUMMARY
from harness.results.results import Results
from harness.results.scenario import ScenarioResult

MOST = 1024 * 1024
"""Bytes that GitHub takes as the summary of one step; it shows nothing of a longer one."""

_ROOM = 2048
_MOST_EVIDENCE = 16 * 1024
_MOST_SHOWN = 20
"""Lines of a check of the run that are shown without a click."""
_ORDER = [Verdict.FAIL, Verdict.ERROR, Verdict.KNOWN_ISSUE, Verdict.SKIPPED, Verdict.PASS]


def write(results: Results, folder: Path, checks: Sequence[RunCheck] = ()) -> Path:
    """Write `summary.md` into the folder of a report; add it to the summary of a GitHub step as well.

    Args:
        results: of the run.
        folder: of its report.
        checks: of the run as a whole.

    Raises:
        OSError: it could not be written.
    """
    text = redact_shapes(markdown(results, folder, checks=checks), blocks=False)
    path = write_whole(folder / SUMMARY, text, mode=PUBLIC)
    if step := os.environ.get("GITHUB_STEP_SUMMARY"):
        there = Path(step).stat().st_size if Path(step).exists() else 0
        append(Path(step), redact_shapes(markdown(results, folder, MOST - there, checks), blocks=False))
    return path


def markdown(results: Results, folder: Path, most: int = MOST, checks: Sequence[RunCheck] = ()) -> str:
    """Return the summary, of at most so many bytes; what does not fit is counted.

    Args:
        results: of the run.
        folder: of its report; paths are relative to it.
        most: bytes.
        checks: of the run as a whole; those that did not pass come first.
    """
    text = ""
    left_out = 0
    for section in _sections(results, folder, checks):
        if len((text + section).encode(errors="replace")) > most - _ROOM:
            left_out += 1
        else:
            text += section
    if left_out:
        text += f"\n{left_out} more sections do not fit; see results.json.\n"
    return text if len(text.encode(errors="replace")) <= most else ""


def _sections(results: Results, folder: Path, checks: Sequence[RunCheck]) -> Iterator[str]:
    bad = [each for each in checks if each.verdict is not Verdict.PASS]
    yield f"## Chaos Mesh metrics: {_cell(headline(results, checks))}\n\n"
    counts = [f"Scenarios: {results.summary.text()}", *should_lines(results), *cluster_lines(results)]
    yield "".join(f"{_cell(line)}\n\n" for line in counts)
    stack = results.run.stack or {}
    if versions := stack.get("versions"):
        listed = ", ".join(f"{_cell(str(name))} {_cell(str(value))}" for name, value in versions.items())
        yield f"Images: {_cell(str(stack.get('images')))}. {listed}\n\n"
    if stand_ins := stack.get("stand_ins"):
        names = ", ".join(_cell(str(each["name"])) for each in stand_ins)
        yield f"Substitutes, not the real programs: {names}\n\n"
    yield from map(_check, bad)
    for cause in view.not_run(results):
        named = _evidence(", ".join(cause.names))
        yield f"### Not run: {len(cause.names)}\n\n{_cell(cause.reason)}\n\n{named}"
    for each in results.scenarios:
        if each.first_attempt:
            yield f"{_cell(each.name)}: {_cell(each.first_attempt.sentence)}\n\n"
    found = sorted(results.scenarios, key=lambda each: _ORDER.index(each.verdict))
    for each in found:
        if each.verdict in (Verdict.FAIL, Verdict.ERROR) or each.leftovers:
            yield _failure(each, folder)
    for verdict, heading in (
        (Verdict.KNOWN_ISSUE, "Known issues"),
        (Verdict.SKIPPED, "Skipped"),
        (Verdict.PASS, "Passed"),
    ):
        rows = [_row(each) for each in found if each.verdict is verdict]
        if rows:
            table = "\n".join(["| scenario | seconds | |", "|---|---|---|", *rows])
            yield f"<details><summary>{heading}: {len(rows)}</summary>\n\n{table}\n\n</details>\n\n"


def _check(check: RunCheck) -> str:
    told = "\n".join(check.details)
    shown = _block(told) if 0 < len(check.details) <= _MOST_SHOWN else _evidence(told) if told else ""
    return f"### The run, {check.name}: {check.verdict.value}\n\n{_cell(check.reason)}\n\n{shown}"


def _failure(result: ScenarioResult, folder: Path) -> str:
    parts = [f"### {_cell(result.name)}: {result.verdict.value}\n\n"]
    if result.reason:
        parts.append(f"{_cell(result.reason)}\n\n")
    for each in view.wrong(result):
        parts.append(f"{_cell(each.first_line)}\n\n")
        parts.append(f"{each.place[:1].upper()}{_cell(each.place[1:])}: {_cell(each.sentence)}\n\n")
        parts += [_block(each.promql, "promql")] if each.promql else []
    parts += [f"Left behind: {_cell(left.sentence)}\n\n" for left in result.leftovers]
    kept = {"recording": result.recording, "diagnostics": result.diagnostics}
    where = [f"{name}: `{os.path.relpath(path, folder)}`" for name, path in kept.items() if path]
    parts.append(_evidence(scenario_text(result), ", ".join(where)))
    return "".join(parts)


def _evidence(text: str, where: str = "") -> str:
    if len(text) > _MOST_EVIDENCE:
        text = f"{text[:_MOST_EVIDENCE]}\n... all of it is in results.json"
    return f"<details><summary>Evidence</summary>\n\n{_block(text)}{where}\n\n</details>\n\n"


def _row(result: ScenarioResult) -> str:
    told = result.reason or ", ".join(view.known_issues(result))
    return f"| {_cell(result.name)} | {result.seconds:.1f} | {_cell(told)} |"


def _cell(text: str) -> str:
    """Return a text as one line in which nothing is taken for Markdown or HTML."""
    line = html.escape(" ".join(text.split()), quote=False)
    return re.sub(r"([\\`*_\[\]|#~@])", r"\\\1", line)


def _block(text: str, language: str = "") -> str:
    """Return a block of code; its fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n\n"
