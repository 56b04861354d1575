"""`chaos-harness build`."""

from __future__ import annotations

import argparse
import sys

from harness.base import places
from harness.base.errors import ExitCode
from harness.base.progress import Progress
from harness.cli.command import Commands, examples


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("build", help="build one program of the stack, for tests without a cluster")
    command.add_argument("program", choices=["prometheus"])
    command.epilog = examples("chaos-harness build prometheus")
    command.set_defaults(command=_build)


def _build(_: argparse.Namespace) -> int:
    from harness.image_build import source

    built = source.build_prometheus(progress=Progress(), logs=places.state_dir() / "logs")
    sys.stdout.write(f"{built}\n")
    return ExitCode.OK
