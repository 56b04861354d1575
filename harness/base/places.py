"""Where the harness keeps what outlives a run; both folders can be moved by an environment variable."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return the folder of build results, keyed by the pins: safe to delete, slow to refill."""
    return _place("CHAOS_HARNESS_CACHE", "XDG_CACHE_HOME", ".cache")


def state_dir() -> Path:
    """Return the folder of kubeconfigs, locks and logs of the clusters that the harness made."""
    return _place("CHAOS_HARNESS_STATE", "XDG_STATE_HOME", ".local/state")


def _place(own: str, xdg: str, default: str) -> Path:
    if value := os.environ.get(own):
        return Path(value).expanduser().resolve()
    base = os.environ.get(xdg) or str(Path.home() / default)
    return Path(base) / "chaos-harness"
