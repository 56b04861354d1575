"""`chaos-harness schema`."""

from __future__ import annotations

import argparse
import sys

from harness.base.errors import ExitCode
from harness.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("schema", help="print the JSON Schema of scenario files, for editors")
    command.set_defaults(command=_schema)


def _schema(_: argparse.Namespace) -> int:
    from harness.docs_pages.pages import schema

    sys.stdout.write(schema.text())
    return ExitCode.OK
