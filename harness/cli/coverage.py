"""`chaos-harness coverage`."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from harness.base import bundled
from harness.base.errors import ExitCode, UsageError
from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "coverage",
        help="report which metric transitions a run proved, and what to write for the others",
    )
    command.add_argument(
        "results",
        nargs="?",
        type=Path,
        default=Path("report/results.json"),
        metavar="REPORT",
        help="report folder of a run, or its results.json with the recordings beside it "
        "(default: report/results.json)",
    )
    command.epilog = examples("chaos-harness coverage report")
    command.set_defaults(command=_coverage)


def _coverage(options: argparse.Namespace) -> int:
    from harness.audit.coverage.score import coverage_of
    from harness.audit.coverage.text import lines
    from harness.audit.replay import recordings_in
    from harness.chaosmesh.catalogue.catalogue import catalogue
    from harness.report.fields import field_of, put
    from harness.results.folder import refuse_in_use
    from harness.results.results import RECORDINGS, RESULTS
    from harness.scenario.discover import discover
    from harness.scenario.load import load

    results = options.results / RESULTS if options.results.is_dir() else options.results
    recordings = results.parent / RECORDINGS
    if not results.is_file():
        raise UsageError(f"{results} does not exist", next_step="run scenarios first: ci/verify")
    refuse_in_use(recordings.resolve().parent, "write the coverage")
    shipped = [file for path in discover([bundled.scenarios()]) for file in load(path)]
    found = coverage_of(recordings_in([recordings]), catalogue(), datetime.now(UTC).date(), shipped)
    was = field_of(recordings, "coverage")
    found.whole = isinstance(was, dict) and was.get("whole") is True
    put(recordings, "coverage", found.model_dump(mode="json"))
    show(lines(found, catalogue()))
    return ExitCode.FAILED if found.gap else ExitCode.OK
