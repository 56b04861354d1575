"""`chaos-harness down`."""

from __future__ import annotations

import argparse

from harness.base.errors import ExitCode
from harness.base.progress import Progress
from harness.cli.command import Commands
from harness.stack import options


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("down", help="delete the cluster; images and logs stay")
    options.CLUSTER.add(command.add_argument)
    command.set_defaults(command=_down)


def _down(given: argparse.Namespace) -> int:
    from harness.stack import lock
    from harness.stack.up import down

    progress = Progress()
    with lock.held(given.cluster, "down") as held:
        there = down(given.cluster, progress, held)
    progress.say(f"{given.cluster} is down" if there else f"there is no cluster {given.cluster}")
    return ExitCode.OK
