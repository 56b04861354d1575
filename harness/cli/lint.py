"""`chaos-harness lint`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.cli.command import Commands, show
from harness.stack.options import ALLOW_NAMESPACE, SCRAPE_INTERVAL


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser("lint", help="report every problem in scenario files, without a cluster")
    command.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a scenario file or a folder of them (default: all)",
    )
    SCRAPE_INTERVAL.add(command.add_argument)
    ALLOW_NAMESPACE.add(command.add_argument)
    command.set_defaults(command=_lint)


def _lint(options: argparse.Namespace) -> int:
    from harness.lint import lint

    lines, code = lint.run(options.paths, options.scrape_interval, options.allow_namespace)
    show(lines)
    return code
