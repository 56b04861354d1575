"""Writes one report of the shards of a run: results, recordings, JUnit, summary and page."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.audit.coverage.score import coverage_of
from harness.base import bundled, defects
from harness.base.errors import ExitCode, HarnessError, UsageError
from harness.base.files import cannot_write
from harness.chaosmesh.catalogue import Catalogue, catalogue
from harness.judge.finding import Verdict
from harness.recording.writer import ENTRIES
from harness.report import checks, junit_file, summary
from harness.report.checks import RunCheck
from harness.report.html import report as html_report
from harness.report.merging.copying import copy_tree
from harness.report.merging.parts import MergedPart, read_parts
from harness.report.merging.results import exposition_folder, is_whole, merged_results
from harness.report.outcome import RunEnding, RunOutcome, code_of_several, exit_code, headline
from harness.report.text import same_causes, should_lines, wrong_lines
from harness.results import last_durations
from harness.results.contract import EXPOSITIONS
from harness.results.folder import DIAGNOSTICS, FIRST_ATTEMPTS, ReportFolder
from harness.results.results import RECORDINGS, Results
from harness.scenario.discover import discover
from harness.scenario.load import load

JUNIT = "junit.xml"
_ELSEWHERE = "name another folder for the merged report"


@dataclass(frozen=True)
class MergedRun:
    """What was written.

    Attributes:
        results: of all shards.
        came_to: exit code and headline.
        page: the path of the page.
        junit: the path of JUnit's XML.
    """

    results: Results
    came_to: RunOutcome
    page: Path
    junit: Path

    def lines(self) -> list[str]:
        """Return what a person reads of it in the end."""
        results = self.results
        lines = [self.came_to.headline, f"scenarios: {results.summary.text()}"]
        lines += [*wrong_lines(results), *same_causes(results), *should_lines(results)]
        if results.contract:
            lines += results.contract.lines()
        lines += [f"warning: {line}" for line in results.run.warnings]
        return [*lines, f"report: {self.page}", f"JUnit: {self.junit}"]


def merge(folder: Path, shards: Sequence[Path]) -> MergedRun:
    """Write the report of a run that was divided into shards.

    Args:
        folder: of the merged report.
        shards: their report folders.

    Raises:
        UsageError: the shards are not of one run, or overlap; or a folder cannot be used.
        InfrastructureError: the disk is full.
    """
    known = catalogue()
    parts = read_parts(shards)
    report = ReportFolder(folder, beside=[folder / JUNIT])
    _check_apart(report.path, parts)
    results = merged_results(parts, report.path, known)
    report.check()
    try:
        report.take(results.run.id)
        report.empty()
        _copy(parts, report.path)
        found = _count(parts, results, known)
        results.run.exit_code = _exit_code(parts, results, found)
        results.write(report.path)
        xml = junit_file.write(results, found, report.path / JUNIT)
        summary.write(results, report.path, found)
        page = html_report.render_again(report.path)
    except OSError as error:
        raise cannot_write(error, _ELSEWHERE) from error
    finally:
        report.let_go()
    with contextlib.suppress(OSError):
        # Nice to know.
        if not results.run.options.get("control"):
            last_durations.keep(results.scenarios)
    return MergedRun(results, RunOutcome(results.run.exit_code, headline(results, found)), page, xml)


def _check_apart(folder: Path, parts: Sequence[MergedPart]) -> None:
    for part in parts:
        shard = part.folder.resolve()
        if shard.is_relative_to(folder) or folder.is_relative_to(shard):
            raise UsageError(
                f"the merged report cannot be written to {folder}: the one of {part.name} is {shard}",
                next_step=_ELSEWHERE,
            )


def _copy(parts: Sequence[MergedPart], folder: Path) -> None:
    for part in parts:
        for name in (RECORDINGS, DIAGNOSTICS, FIRST_ATTEMPTS, defects.FOLDER):
            copy_tree(part.folder / name, folder / name, f"shard-{part.shard.number}-")
        copy_tree(part.folder / EXPOSITIONS, folder / exposition_folder(part))


def _count(parts: Sequence[MergedPart], results: Results, known: Catalogue) -> list[RunCheck]:
    """Count the coverage of all recordings; return what was checked of the run as a whole."""
    bad = any(each.verdict in (Verdict.FAIL, Verdict.ERROR) for each in results.scenarios)
    gated = is_whole(parts, results) and not bad
    uncounted = None
    if not results.run.options.get("control") and any(part.results.coverage for part in parts):
        try:
            files = [file for path in discover([bundled.scenarios()]) for file in load(path)]
            recordings = [each.recording for each in results.scenarios if each.recording is not None]
            recordings = [each for each in recordings if (each / ENTRIES).is_file()]
            results.coverage = coverage_of(recordings, known, datetime.now(UTC).date(), files)
            results.coverage.whole = gated
        except HarnessError as error:
            uncounted = error
    found = checks.of(results, known)
    if uncounted is not None and gated:
        reason, *details = uncounted.render().splitlines()
        found.append(RunCheck("coverage", Verdict.ERROR, f"not counted: {reason}", tuple(details)))
    return found


def _exit_code(parts: Sequence[MergedPart], results: Results, found: Sequence[RunCheck]) -> int:
    """Return what the merged run ends with: by its results, and by what only the shards knew."""
    scenarios = results.scenarios
    failed = any(
        each.verdict is Verdict.FAIL or any(not left.infrastructure for left in each.leftovers)
        for each in scenarios
    )
    undecided = any(each.verdict is Verdict.ERROR or each.leftovers for each in scenarios)
    ending = RunEnding(
        pytest=ExitCode.FAILED if failed or undecided else ExitCode.OK,
        defect=any(each.defect for each in scenarios),
        failed=failed,
    )
    own = exit_code(results, found, ending)
    # One that was cut short has none.
    codes = [
        ExitCode.INFRASTRUCTURE if (code := part.results.run.exit_code) is None else code for part in parts
    ]
    of_shards = code_of_several(codes)
    return own if of_shards in (ExitCode.OK, ExitCode.NOTHING_RAN) else code_of_several([own, of_shards])
