"""Finds the subcommands."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from typing import TypeAlias

import harness.cli as package

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `add_subparsers` gives; argparse has no public name for it."""


def add_all(commands: Commands) -> None:
    """Add the subcommand of each module of this package, in the order of their names."""
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        if hasattr(loaded, "add"):
            loaded.add(commands)
