"""`chaos-harness report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.base.errors import ExitCode
from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "report", help="render index.html again from results and recordings, without a cluster"
    )
    command.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("report"),
        metavar="REPORT_DIR",
        help="report folder of a run (default: report)",
    )
    command.epilog = examples("chaos-harness report report")
    command.set_defaults(command=_report)


def _report(options: argparse.Namespace) -> int:
    from harness.report.html.report import render_again

    show([str(render_again(options.folder))])
    return ExitCode.OK
