"""What a cluster may be called: its name is asked of engines, and is a folder's and an object's name."""

from __future__ import annotations

import argparse
import re

from harness.base.errors import UsageError

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")
_TAKEN = {"logs"}
"""Names in the state folder that are not a cluster's."""
_SHOWN = 60


def check(name: str) -> str:
    """Return the name of a kind cluster.

    An empty one, or one with a slash, must not get as far as an engine's filter or a path.

    Raises:
        UsageError: it is no DNS label of 1 to 40 characters.
    """
    if _LABEL.fullmatch(name) and name not in _TAKEN:
        return name
    shown = repr(name) if len(name) <= _SHOWN else f"{name[:_SHOWN]!r}... ({len(name)} characters)"
    raise UsageError(
        f"{shown} cannot be the name of a cluster",
        next_step="use 1 to 40 lowercase letters, digits and dashes, with a letter or digit at both ends"
        + (f"; {name} is taken" if name in _TAKEN else ""),
    )


def argument(text: str) -> str:
    """Return the name of a kind cluster, as a type of argparse."""
    try:
        return check(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(f"{error.problem}: {error.next_step}") from error
