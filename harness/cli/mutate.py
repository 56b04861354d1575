"""`chaos-harness mutate`."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from harness.base.errors import ExitCode
from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "mutate", help="falsify recorded samples and report which expectations do not notice"
    )
    command.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a recording or a folder of recordings"
    )
    command.add_argument(
        "-v", "--verbose", action="store_true", help="print which mutations each expectation notices"
    )
    command.epilog = examples("chaos-harness mutate report/recordings/stress-cpu")
    command.set_defaults(command=_mutate)


def _mutate(options: argparse.Namespace) -> int:
    from harness.audit.mutation.mutate import mutate_folders
    from harness.audit.mutation.text import lines
    from harness.audit.replay import recordings_in
    from harness.report.fields import put
    from harness.results.folder import refuse_in_use

    for path in options.paths:
        refuse_in_use(path.resolve().parent, "write the score")
    score = mutate_folders(recordings_in(options.paths), datetime.now(UTC).date())
    for path in options.paths:
        put(path, "mutation", score.model_dump(mode="json"))
    show(lines(score, verbose=options.verbose))
    return ExitCode.OK if score.passed else ExitCode.FAILED
