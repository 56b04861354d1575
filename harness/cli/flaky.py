"""`chaos-harness flaky`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "flaky",
        help="report what differed between runs of the same build, from their report folders",
    )
    command.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="the report folder of a run")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--html", type=Path, metavar="FILE", help="also write a page of it to FILE")
    command.epilog = examples(
        "chaos-harness flaky report-1 report-2 report-3",
        "chaos-harness flaky report-repeat/* --html flaky.html",
    )
    command.set_defaults(command=_flaky)


def _flaky(options: argparse.Namespace) -> int:
    from harness.audit.compare.flaky import repetition
    from harness.report.html.of_several import flaky_page
    from harness.report.html.report import write_apart

    found = repetition(options.runs)
    if options.json:
        sys.stdout.write(found.model_dump_json(indent=1) + "\n")
    else:
        show(found.lines())
    if options.html is not None:
        write_apart(flaky_page(found, options.html), options.html)
    return found.exit_code()
