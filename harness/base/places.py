"""Where the harness keeps what outlives a run; both folders can be moved by an environment variable."""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from harness.base.errors import InfrastructureError
from harness.base.files import FULL

_CACHE, _STATE = "CHAOS_HARNESS_CACHE", "CHAOS_HARNESS_STATE"


class PlaceError(InfrastructureError):
    """A folder of the harness cannot be used: it is another user's, read-only, full, or no folder."""


def cache_dir() -> Path:
    """Return the folder of build results, keyed by the pins: safe to delete, slow to refill."""
    return _place(_CACHE, "XDG_CACHE_HOME", ".cache")


def state_dir() -> Path:
    """Return the folder of kubeconfigs, locks and logs of the clusters that the harness made."""
    return _place(_STATE, "XDG_STATE_HOME", ".local/state")


def _place(own: str, xdg: str, default: str) -> Path:
    if value := os.environ.get(own):
        return Path(value).expanduser().resolve()
    base = os.environ.get(xdg) or str(Path.home() / default)
    return Path(base) / "chaos-harness"


def make_private(folder: Path) -> Path:
    """Make a folder that only this user may look into, as it holds keys; return it.

    Raises:
        PlaceError: it cannot be made or written, or belongs to another user.
    """
    with reported():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = folder.stat().st_uid
    if owner != os.geteuid() and os.geteuid() != 0:
        raise PlaceError(_belongs(folder, owner), next_step=_elsewhere(folder))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PlaceError(f"the folder {folder} cannot be written", next_step=_elsewhere(folder))
    return folder


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Turn what the operating system says of a file of ours in the block into an error with a next step.

    Raises:
        PlaceError: a file in the cache or the state folder cannot be used, or the disk is full.
    """
    try:
        yield
    except OSError as error:
        path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
        ours = path is not None and any(path.is_relative_to(root) for root in (cache_dir(), state_dir()))
        if not ours and error.errno not in FULL:
            raise
        where = f" {path}" if path else f" a file below {cache_dir()} or {state_dir()}, or the output"
        owner = _foreign(path) if path and error.errno not in FULL else None
        raise PlaceError(
            f"cannot use{where}: {error.strerror or error}",
            details=[owner] if owner else [],
            next_step="free some disk space" if error.errno in FULL else _elsewhere(path or state_dir()),
        ) from error


def _foreign(path: Path) -> str | None:
    """Return whose folder is in the way of a file; None when it is this user's own, or nobody can tell."""
    for folder in path.parents:
        with contextlib.suppress(OSError):
            owner = folder.stat().st_uid
            return _belongs(folder, owner) if owner != os.geteuid() else None
    return None


def _belongs(folder: Path, owner: int) -> str:
    return f"the folder {folder} belongs to {_user(owner)}"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"the user {number}"


def _elsewhere(path: Path) -> str:
    variable, root = (_CACHE, cache_dir()) if path.is_relative_to(cache_dir()) else (_STATE, state_dir())
    return f"make {root} this user's own (chown), or choose another folder with {variable}"
