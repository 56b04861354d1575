"""`chaos-harness compare`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "compare", help="report what changed between two runs, from their report folders"
    )
    command.add_argument("before", type=Path, metavar="RUN_A", help="the report folder of the earlier run")
    command.add_argument("after", type=Path, metavar="RUN_B", help="the report folder of the later run")
    command.add_argument(
        "--durations", action="store_true", help="list also the durations that did not change"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--html", type=Path, metavar="FILE", help="also write a page of it to FILE")
    command.epilog = examples(
        "chaos-harness compare report-of-2.8.2 report-of-2.8.4",
        "chaos-harness compare before after --html compared.html",
    )
    command.set_defaults(command=_compare)


def _compare(options: argparse.Namespace) -> int:
    from harness.audit.compare.comparison import compare
    from harness.chaosmesh.catalogue import catalogue
    from harness.report.html.of_several import compared_page
    from harness.report.html.report import write_apart

    comparison = compare(options.before, options.after, catalogue())
    if options.json:
        sys.stdout.write(comparison.model_dump_json(indent=1) + "\n")
    else:
        show(comparison.lines(durations=options.durations))
    if options.html is not None:
        write_apart(compared_page(comparison, options.before, options.after), options.html)
    return comparison.exit_code()
