"""`chaos-harness run`."""

from __future__ import annotations

from harness.cli.command import Commands


def add(commands: Commands) -> None:
    """Add the subcommand; `harness.cli` hands all that follows it to pytest."""
    commands.add_parser("run", help="run scenarios; all arguments go to pytest", add_help=False)
