"""The clusters that a run brings up beside its first one: their names, and how they are found again."""

from __future__ import annotations

import re

from harness.base import places
from harness.base.files import write_whole
from harness.stack.state import StateFolder

_BESIDE = "beside"
"""In the state folder of a further cluster: the name of the first one."""
_NUMBER = re.compile(r"[1-9][0-9]*")


def further_name(first: str, number: int) -> str:
    """Return the name of the second, third, ... cluster of a run."""
    return f"{first}-{number}"


def note(state: StateFolder, first: str) -> None:
    """Write down whose further cluster it is, unless it is up already: then somebody made it for itself."""
    if state.load() is None:
        write_whole(state.folder / _BESIDE, first)


def forget(state: StateFolder) -> None:
    """Drop that: the cluster is gone."""
    (state.folder / _BESIDE).unlink(missing_ok=True)


def further_of(first: str) -> list[str]:
    """Return the names of the further clusters that runs made beside a cluster, in their order."""
    found = []
    for file in places.state_dir().glob(f"{first}-*/{_BESIDE}"):
        name, number = file.parent.name, file.parent.name.removeprefix(f"{first}-")
        if _NUMBER.fullmatch(number) and _read(name) == first:
            found.append((int(number), name))
    return [name for _, name in sorted(found)]


def _read(name: str) -> str:
    try:
        return (StateFolder(name).folder / _BESIDE).read_text()
    except (OSError, ValueError):
        return ""
