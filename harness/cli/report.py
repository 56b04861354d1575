"""`chaos-harness report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.base.errors import ExitCode, UsageError
from harness.cli.command import Commands, examples, show

_HISTORY = Path("history.html")


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "report", help="render index.html again from results and recordings, without a cluster"
    )
    command.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="REPORT_DIR",
        help="report folder of a run (default: report)",
    )
    command.add_argument(
        "--history",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="make one page of several runs from their report folders: verdicts and times to visibility",
    )
    command.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help=f"with --history: the file to write (default: {_HISTORY})",
    )
    command.epilog = examples(
        "chaos-harness report report",
        "chaos-harness report --history report-repeat/*",
        "chaos-harness report --html history.html --history report-of-2.8.2 report-of-2.8.4",
    )
    command.set_defaults(command=_report)


def _report(options: argparse.Namespace) -> int:
    from harness.report.html.report import render_again

    if options.history:
        return _history(options)
    if options.html is not None:
        raise UsageError(
            "--html goes with --history; the page of one run is written into its folder",
            next_step="leave --html out, or name runs with --history",
        )
    show([str(render_again(options.folder or Path("report")))])
    return ExitCode.OK


def _history(options: argparse.Namespace) -> int:
    from harness.report.history import history
    from harness.report.html.of_several import history_page
    from harness.report.html.report import write_apart

    if options.folder is not None:
        raise UsageError(
            f"{options.folder} and --history do not go together",
            next_step=f"name all runs after --history: --history {options.folder} ...",
        )
    path = options.html or _HISTORY
    write_apart(history_page(history(options.history), path), path)
    show([str(path)])
    return ExitCode.OK
