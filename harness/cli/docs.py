"""`chaos-harness docs`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.base import bundled
from harness.base.errors import ExitCode
from harness.base.words import count
from harness.cli.command import Commands, examples


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "docs", help="generate pages: all scenarios, known issues, reference, JSON Schema"
    )
    command.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="scenario files, or folders of them, to document (default: all that ship)",
    )
    command.add_argument(
        "--to", type=Path, metavar="DIR", help="folder to write to (default: docs/ of the checkout)"
    )
    command.add_argument(
        "--check", action="store_true", help="write nothing; report which pages are out of date"
    )
    command.add_argument(
        "--examples",
        type=Path,
        metavar="DIR",
        help="write the example scenarios of the pages as files, to run them",
    )
    command.epilog = examples("chaos-harness docs")
    command.set_defaults(command=_docs)


def _docs(options: argparse.Namespace) -> int:
    from harness.docs_pages import examples
    from harness.docs_pages.page import Sources, all_pages, default_folder, outdated, write

    folder: Path = options.to or default_folder()
    if options.examples:
        pages = [
            path for path in (folder.parent / "README.md", *sorted(folder.glob("*.md"))) if path.exists()
        ]
        written = examples.write(pages, options.examples)
        sys.stdout.write(f"{count(len(written), 'scenario')} in {options.examples}\n")
        return ExitCode.OK
    made = all_pages(Sources(folder, tuple(options.paths) or (bundled.scenarios(),)))
    if not options.check:
        sys.stdout.write("\n".join(write(folder, made)) + "\n")
        return ExitCode.OK
    wrong = outdated(folder, made)
    sys.stdout.write("\n".join([*wrong, f"{len(made)} pages, {len(wrong)} not current"]) + "\n")
    return ExitCode.FAILED if wrong else ExitCode.OK
