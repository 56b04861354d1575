"""`chaos-harness run`: pytest with the plugin, on all scenarios or on named ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.base import bundled


def run(arguments: Sequence[str]) -> int:
    """Run scenarios and return the exit code (docs/exit-codes.md)."""
    words = list(arguments)
    if not any(_is_path(word) for word in words):
        words.append(str(bundled.scenarios()))
    checkout = bundled.root() / "pyproject.toml"
    if checkout.is_file():
        words = ["-c", str(checkout), f"--rootdir={bundled.root()}", *words]
    return int(pytest.main(["-p", "harness.plugin", *words]))


def _is_path(word: str) -> bool:
    """Say whether an argument names a file or folder, perhaps with `::item` behind it."""
    return not word.startswith("-") and Path(word.split("::", maxsplit=1)[0]).exists()
