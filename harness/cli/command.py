"""Finds the subcommands."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Iterable
from typing import TypeAlias

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


def show(lines: Iterable[str]) -> None:
    """Print lines that may repeat what somebody else wrote: each stays one line, and nothing obeys it."""
    sys.stdout.write("".join(inert(line.replace("\n", " ")) + "\n" for line in lines))
