"""The command `chaos-harness`: one file here for each subcommand, with a function `add(commands)`.

Errors are rendered in this module and nowhere else.
"""

from __future__ import annotations

import argparse
import difflib
import io
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import harness
from harness.base import defects, places
from harness.base.errors import ExitCode, HarnessError, UsageError
from harness.base.redaction import redact
from harness.base.words import inert
from harness.cli.command import add_all


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code (docs/exit-codes.md)."""
    # Closed, as by `>&-`: what is said there is lost, and the exit code is not.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # A file may hold what no encoding has, as half of a pair of surrogates.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _called(words)
    except HarnessError as error:
        return _told(error)
    except KeyboardInterrupt:
        sys.stderr.write("chaos-harness: interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough of it; Python would complain of that at its exit, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.INFRASTRUCTURE
    except Exception as error:
        doing = f"finish `{' '.join(['chaos-harness', *words[:1]])}`"
        return _told(defects.as_error(error, doing, places.state_dir() / "logs", _defect_name()))


def _called(words: list[str]) -> int:
    if words[:1] == ["run"]:
        from harness.pytest_plugin.run import run

        # pytest's own parser takes the rest, `--help` and options before paths included.
        return run(words[1:])
    given = parser().parse_args(words)
    with places.reported():
        code = int(given.command(given))
        # Here, where a full disk is reported; at its exit Python has no words for it.
        sys.stdout.flush()
        return code


def _told(error: HarnessError) -> int:
    sys.stderr.write(f"chaos-harness: {inert(redact(error.render()))}\n")
    return error.exit_code


def _defect_name() -> str:
    return f"defect-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong by our own error: argparse's exit code is our code for interruptions."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # The examples are lines, which the usual formatter would join.
        super().__init__(*arguments, **{"formatter_class": argparse.RawDescriptionHelpFormatter, **options})

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would end the process for.

        Raises:
            UsageError: always.
        """
        wrong = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if wrong is None:
            raise UsageError(message, next_step=f"see {self.prog} --help")
        near = difflib.get_close_matches(wrong[1], re.findall(r"[\w-]+", wrong[2]), n=1)
        meant = f"did you mean `{self.prog} {near[0]}`? " if near else ""
        raise UsageError(f"there is no command {wrong[1]}", next_step=f"{meant}see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands; each sets `command` to its function."""
    root: argparse.ArgumentParser = _Parser(
        prog="chaos-harness",
        description="Proves that every metric Chaos Mesh publishes about itself is right.",
    )
    version = f"%(prog)s {harness.__version__}"
    root.add_argument("--version", action="version", version=version, help="print the version and exit")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    add_all(commands)
    return root
