"""Finds the subcommands, and what several of them share."""

from __future__ import annotations

import argparse
import importlib
import math
import pkgutil
from typing import TypeAlias

import harness.commands as package
from harness.base.defaults import DEFAULT_CLUSTER
from harness.stack import cluster_name

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `add_subparsers` gives; argparse has no public name for it."""


def add_all(commands: Commands) -> None:
    """Add the subcommand of each module of this package, in the order of their names."""
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        if hasattr(loaded, "add"):
            loaded.add(commands)


def add_cluster(command: argparse.ArgumentParser) -> None:
    """Add the option that names the cluster."""
    command.add_argument(
        "--cluster",
        type=cluster_name.argument,
        default=DEFAULT_CLUSTER,
        metavar="NAME",
        help=f"the kind cluster (default {DEFAULT_CLUSTER})",
    )


def seconds(text: str) -> float:
    """Return a number of seconds, as a type of argparse."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0")
    return value
