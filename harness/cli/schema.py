"""`chaos-harness schema`."""

from __future__ import annotations

import argparse
import sys

from harness.base.errors import ExitCode
from harness.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("schema", help="print the JSON Schema of scenario files, for editors")
    command.add_argument(
        "--include", action="store_true", help="that of files that scenarios include, `_NAME.yaml`"
    )
    command.set_defaults(command=_schema)


def _schema(given: argparse.Namespace) -> int:
    from harness.docs_pages.pages import schema
    from harness.scenario.schema import include_schema

    made = schema.schema()
    sys.stdout.write(schema.text(include_schema(made) if given.include else made))
    return ExitCode.OK
