"""`chaos-harness build`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.base import places
from harness.base.errors import ExitCode
from harness.base.progress import Progress
from harness.cli.command import Commands, examples


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "build", help="build one program of the stack, for tests without a cluster, or the harness' own image"
    )
    command.add_argument("program", choices=["prometheus", "harness-image"])
    command.epilog = examples("chaos-harness build prometheus", "chaos-harness build harness-image")
    command.set_defaults(command=_build)


def _build(options: argparse.Namespace) -> int:
    from harness.image_build import harness_image, source

    if options.program == "harness-image":
        image = harness_image.build(progress=Progress(), logs=_logs())
        sys.stdout.write(f"{image.name}\n{image.archive}\n")
        return ExitCode.OK
    built = source.build_prometheus(progress=Progress(), logs=_logs())
    sys.stdout.write(f"{built}\n")
    return ExitCode.OK


def _logs() -> Path:
    return places.state_dir() / "logs"
