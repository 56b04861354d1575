"""`chaos-harness schema`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.base.errors import ExitCode
from harness.cli.command import Commands, examples


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("schema", help="print the JSON Schema of scenario files, for editors")
    command.add_argument(
        "--include", action="store_true", help="that of files that scenarios include, `_NAME.yaml`"
    )
    command.add_argument(
        "--beside",
        type=Path,
        metavar="DIR",
        help="a folder with scenarios of yours: with the metrics, workloads and dashboards beside them",
    )
    command.epilog = examples(
        "chaos-harness schema > scenario.schema.json", "chaos-harness schema --include > include.schema.json"
    )
    command.set_defaults(command=_schema)


def _schema(given: argparse.Namespace) -> int:
    from harness.docs_pages.pages import schema
    from harness.scenario.schema import include_schema

    made = schema.schema(given.beside)
    sys.stdout.write(schema.text(include_schema(made) if given.include else made))
    return ExitCode.OK
