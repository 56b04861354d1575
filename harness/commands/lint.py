"""`chaos-harness lint`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.base.defaults import DEFAULT_INTERVAL
from harness.commands.command import Commands, seconds


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("lint", help="tell all that is wrong in scenario files, without a cluster")
    command.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a scenario file, or a folder of them (default: all)",
    )
    command.add_argument(
        "--scrape-interval",
        type=seconds,
        default=DEFAULT_INTERVAL,
        metavar="S",
        help=f"of the runs that are to come, seconds (default {DEFAULT_INTERVAL:g})",
    )
    command.add_argument(
        "--allow-namespace",
        type=_namespace,
        action="append",
        default=[],
        metavar="NAME",
        help="a namespace of others that scenarios may reach; may be given more than once",
    )
    command.set_defaults(command=_lint)


def _namespace(text: str) -> str:
    from harness.chaos.boundary import namespace

    return namespace(text)


def _lint(options: argparse.Namespace) -> int:
    from harness import lint

    lines, code = lint.run(options.paths, options.scrape_interval, options.allow_namespace)
    sys.stdout.write("\n".join(lines) + "\n")
    return code
