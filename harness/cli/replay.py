"""`chaos-harness replay`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "replay", help="judge recordings again without a cluster, and compare with the findings of the run"
    )
    command.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a recording or a folder of recordings"
    )
    command.epilog = examples("chaos-harness replay report/recordings/stress-cpu")
    command.set_defaults(command=_replay)


def _replay(options: argparse.Namespace) -> int:
    from harness.audit import replay

    lines, code = replay.run(options.paths)
    show(lines)
    return code
