"""`chaos-harness merge`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "merge", help="make one report of the shards of a run (chaos-harness run --shard I/N)"
    )
    command.add_argument("out", type=Path, metavar="OUT", help="the folder of the merged report")
    command.add_argument(
        "shards", type=Path, nargs="+", metavar="RUN", help="the report folder of each shard"
    )
    command.epilog = examples("chaos-harness merge report report-1 report-2")
    command.set_defaults(command=_merge)


def _merge(options: argparse.Namespace) -> int:
    from harness.report.merging.merge import merge

    merged = merge(options.out, options.shards)
    show(merged.lines())
    return merged.came_to.exit_code
