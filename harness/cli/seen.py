"""`chaos-harness seen`."""

from __future__ import annotations

import argparse
from pathlib import Path

from harness.base import bundled
from harness.base.errors import ExitCode
from harness.cli.command import Commands, examples, show


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "seen", help="note which scenarios a run has seen to hold, and report those that no run has seen yet"
    )
    command.add_argument(
        "runs", type=Path, nargs="*", metavar="RUN", help="the report folder of a run, or its results.json"
    )
    command.add_argument(
        "--scenarios",
        type=Path,
        metavar="DIR",
        default=None,
        help="the folder of the scenarios (default: those that ship); seen.json in it is updated",
    )
    command.epilog = examples("chaos-harness seen report")
    command.set_defaults(command=_seen)


def _seen(options: argparse.Namespace) -> int:
    from harness.base.words import count
    from harness.docs_pages.page import Sources
    from harness.docs_pages.seen import SeenScenarios, file_of, results_of, unseen
    from harness.results.reading import read

    folder = options.scenarios or bundled.scenarios()
    path = file_of([folder])
    names = [case.name for cases in Sources(Path(), (folder,)).files for case in cases]
    seen = SeenScenarios.load(path)
    lines: list[str] = []
    for run in options.runs:
        results = read(results_of(run), next_step="give the report folder of a run")
        new = seen.add(results, names)
        lines.append(f"{run}: {count(len(new), 'scenario')} seen for the first time")
        lines += [f"  {name}" for name in new]
    if options.runs:
        seen.write(path)
        lines.append(f"written: {bundled.shown(path)}; `chaos-harness docs` takes the marks off the pages")
    left = unseen(names, seen.releases)
    lines.append(f"not yet seen on a cluster: {len(left)} of {count(len(names), 'scenario')}")
    show([*lines, *(f"  {name}" for name in left)])
    return ExitCode.OK
