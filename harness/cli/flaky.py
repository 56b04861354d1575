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
    command.epilog = examples("chaos-harness flaky report-1 report-2 report-3")
    command.set_defaults(command=_flaky)


def _flaky(options: argparse.Namespace) -> int:
    from harness.audit.compare.flaky import repetition

    found = repetition(options.runs)
    if options.json:
        sys.stdout.write(found.model_dump_json(indent=1) + "\n")
    else:
        show(found.lines())
    return found.exit_code()
