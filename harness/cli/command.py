"""Finds the subcommands."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterable
from typing import TextIO, TypeAlias

import harness.cli as package
from harness.base.words import inert

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `add_subparsers` gives; argparse has no public name for it."""


def add_all(commands: Commands) -> None:
    """Add the subcommand of each module of this package, in the order of their names."""
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        if hasattr(loaded, "add"):
            loaded.add(commands)


def examples(*commands: str) -> str:
    """Return the epilog of a subcommand's help; each command as it is typed."""
    return "\n".join(["examples:", *(f"  {each}" for each in commands)])


def has_colours(stream: TextIO) -> bool:
    """Say whether what is written there may be coloured: a terminal's reader sees it (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def show(lines: Iterable[str]) -> None:
    """Print lines that may repeat what somebody else wrote: each stays one line, and nothing obeys it."""
    sys.stdout.write("".join(inert(line.replace("\n", " ")) + "\n" for line in lines))
