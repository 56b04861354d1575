"""`chaos-harness lint`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.cli.command import Commands, examples, has_colours
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
    command.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="how problems are written: a line each (text; coloured on a terminal, unless NO_COLOR is set), "
        "one document (json), annotations of GitHub Actions (github)",
    )
    command.epilog = examples("chaos-harness lint", "chaos-harness lint my-scenarios --format github")
    command.set_defaults(command=_lint)


def _lint(options: argparse.Namespace) -> int:
    from harness.lint import lint
    from harness.lint.formats import FORMATS

    found = lint.run(options.paths, options.scrape_interval, options.allow_namespace)
    for line in FORMATS[options.format](found, colours=has_colours(sys.stdout)):
        sys.stdout.write(f"{line}\n")
    return found.exit_code
