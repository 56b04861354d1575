"""`chaos-harness matrix`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.base.errors import UsageError
from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "matrix", help="make one page of runs on several clusters, from their report folders"
    )
    command.add_argument("out", type=Path, metavar="OUT", help="the folder of the page")
    command.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="the report folder of each run")
    command.epilog = examples("chaos-harness matrix matrix-of-clusters report-of-kind report-of-staging")
    command.set_defaults(command=_matrix)


def _matrix(options: argparse.Namespace) -> int:
    from harness.report.clusters import run_in, write

    names = [folder.name or str(folder) for folder in options.runs]
    if len(set(names)) < len(names):
        raise UsageError(
            f"two runs have one name: {', '.join(names)}",
            next_step="the name of a column is that of the report's folder; name the folders apart",
        )
    page, code = write(options.out, [run_in(*each) for each in zip(options.runs, names, strict=True)])
    show([str(page)])
    return code
