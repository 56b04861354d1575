"""`chaos-harness new`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.base.errors import ExitCode, UsageError
from harness.cli.command import Commands, examples
from harness.docs_pages.templates import names

if TYPE_CHECKING:
    from harness.docs_pages.new import ScenarioTemplate


def add(commands: Commands) -> None:
    """Add the subcommand."""
    command = commands.add_parser(
        "new", help="write a scenario file that runs, from three answers or options"
    )
    command.add_argument(
        "path",
        nargs="?",
        type=Path,
        metavar="PATH",
        help="file to write, or folder to write it to (default: NAME.yaml in the current folder)",
    )
    command.add_argument("--chaos", metavar="KIND", help=f"one of: {', '.join(names())}")
    command.add_argument(
        "--about",
        metavar="WHAT",
        help="a component or metric that the chaos affects; `all` for every one",
    )
    command.add_argument("--name", metavar="NAME", help="name of the scenario (default: the kind of chaos)")
    command.epilog = examples(
        "chaos-harness new", "chaos-harness new my-scenarios --chaos pod-kill --about all --name kills"
    )
    command.set_defaults(command=_new)


def _new(options: argparse.Namespace) -> int:
    from harness.docs_pages import new

    path: Path | None = options.path
    chosen = new.template(options.chaos or _ask_chaos())
    metrics = new.metrics_of(chosen, options.about or _ask_about(chosen))
    is_file = path is not None and path.suffix in (".yaml", ".yml") and not path.is_dir()
    name = new.checked_name(
        options.name or _ask("Name of the scenario", path.stem if path and is_file else f"my-{chosen.name}")
    )
    if path is None or not is_file:
        path = (path or Path()) / f"{name}.yaml"
    text = new.scenario_text(chosen, metrics, name)
    if not os.path.lexists(path):
        text = new.with_modeline(path, text)
    new.write(path, text)
    sys.stdout.write(f"{path}: written\nrun it: chaos-harness run {path}\n")
    return ExitCode.OK


def _ask_chaos() -> str:
    from harness.docs_pages import new

    known = new.templates()
    if not sys.stdin.isatty():
        raise UsageError(
            "not a terminal: pass --chaos KIND",
            next_step="chaos-harness new --chaos KIND",
            details=[f"{name}: {each.about}" for name, each in known.items()],
        )
    lines = [f"  {number:2}  {name}: {each.about}" for number, (name, each) in enumerate(known.items(), 1)]
    sys.stdout.write("\n".join(lines) + "\n")
    return _choice(_ask("Which chaos (number or name)", ""), list(known))


def _ask_about(chosen: ScenarioTemplate) -> str:
    from harness.docs_pages import new

    known = list(chosen.subjects())
    if sys.stdin.isatty():
        lines = [f"  {number:2}  {subject}" for number, subject in enumerate(known, 1)]
        sys.stdout.write("\n".join(lines) + "\n")
    return _choice(_ask("Which component or metric", new.ALL), known)


def _ask(question: str, default: str) -> str:
    """Return the answer to a question; the default when it is empty, or nobody can be asked."""
    if not sys.stdin.isatty():
        return default
    sys.stdout.write(f"{question}{f' [{default}]' if default else ''}: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip() or default


def _choice(answer: str, known: list[str]) -> str:
    """Return what a number of a list stands for; any other answer as it is."""
    number = int(answer) if answer.isdecimal() else 0
    return known[number - 1] if 1 <= number <= len(known) else answer
