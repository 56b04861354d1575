"""Takes out of requirements.lock what a part of the packages needs. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==\S+", re.MULTILINE)
_VIA = re.compile(r"^    #(?: via)?\s+(?P<name>[A-Za-z0-9][\w.-]*)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def closure(lock: str, direct: Collection[str]) -> str:
    """Return the entries of some packages and of all that they need, with their hashes.

    Args:
        lock: as pip-compile writes it, where each entry says by `# via` what needs it.
        direct: the packages, as in `dependencies` of pyproject.toml.

    Raises:
        ValueError: one of them is not in the lock.
    """
    starts = [match.start() for match in _ENTRY.finditer(lock)]
    blocks = [lock[start:end] for start, end in zip(starts, [*starts[1:], len(lock)], strict=True)]
    entries = {_plain(block.partition("==")[0]): block for block in blocks}
    needed_by = {name: {_plain(each) for each in _VIA.findall(block)} for name, block in entries.items()}
    found = {_plain(match[0]) for each in direct if (match := _NAME.match(each))}
    if missing := found - entries.keys():
        raise ValueError(f"not in requirements.lock: {', '.join(sorted(missing))}")
    while more := {name for name, users in needed_by.items() if users & found} - found:
        found |= more
    return "".join(f"{entries[name].rstrip()}\n" for name in sorted(found))


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
