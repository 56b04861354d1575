"""How far from a scenario's file other files may be that it names."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from harness.base.bounded import leads_out

OUT_OF_REACH = "leads out of the checkout, or out of the folder above the scenario's where there is none"


def reach(scenario: Path) -> Path:
    """Return the folder that all files which a scenario names are in: the checkout, or the one above its own.

    A scenario of a stranger must not show what it has no business with.
    """
    return _reach(scenario.parent.resolve())


def above(scenario: Path) -> tuple[Path, ...]:
    """Return the folder of a scenario and those above it, as far as it reaches."""
    folder = scenario.parent.resolve()
    return _above(folder, _reach(folder))


@cache
def _reach(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder.parent)


@cache
def _above(folder: Path, top: Path) -> tuple[Path, ...]:
    return (folder, *(each for each in folder.parents if each.is_relative_to(top)))


def beside(scenario: Path, *names: str) -> Path | None:
    """Return what has a name in the folder of a scenario, or in the nearest folder above; None without it.

    What is a link that leads out of reach is not there.

    Args:
        scenario: the file.
        names: parts of the path in that folder.
    """
    top = reach(scenario)
    for folder in above(scenario):
        path = folder.joinpath(*names)
        if os.path.lexists(path) and not leads_out(path, top):
            return path
    return None
