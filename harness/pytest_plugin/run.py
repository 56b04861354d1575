"""`chaos-harness run`: pytest with the plugin, on all scenarios or on named ones."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.base import bundled
from harness.pytest_plugin import contexts
from harness.pytest_plugin.options import SHORT_NAMES


def run(arguments: Sequence[str]) -> int:
    """Run scenarios and return the exit code (docs/exit-codes.md)."""
    words = list(arguments)
    found, rest = contexts.values_of("--context", words)
    if len(found) > 1:
        return contexts.run_each(found, rest)
    checkout = bundled.root() / "pyproject.toml"
    if checkout.is_file():
        # The checkout's own conftest.py only loads the plugin, which is loaded here; pytest refuses such
        # a file when it comes to it after the start, as it does from another working directory.
        cut = f"--confcutdir={bundled.scenarios()}"
        words = ["-c", str(checkout), f"--rootdir={bundled.root()}", cut, *words]
    # pytest warns that it cannot rewrite asserts of modules that this command has imported already.
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    # The short names first: the plugin looks whether they are there.
    plugins = ["-p", SHORT_NAMES, "-p", "harness.pytest_plugin.plugin"]
    return int(pytest.main([*plugins, "--without-path-all", *quiet, *words]))
