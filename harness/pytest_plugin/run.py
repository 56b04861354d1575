"""`chaos-harness run`: pytest with the plugin, on all scenarios or on named ones."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence

import pytest

from harness.base import bundled
from harness.base.errors import ExitCode
from harness.pytest_plugin import contexts
from harness.pytest_plugin.options import ALL, SHORT_NAMES

_PYTEST = """\
options of pytest that help most:
  PATH                  a scenario file, a folder of them, or FILE::NAME (default: all)
  -k EXPRESSION         only scenarios whose names match
  -m EXPRESSION         only scenarios whose tags match
  -x                    stop after the first failure
  -v, -q                more lines, or fewer
  --lf                  only what failed the last time
  --junitxml=FILE       write JUnit's XML
  all others            chaos-harness run -- --help

examples:
  chaos-harness run -k stress-cpu -v
  chaos-harness run scenarios/daemon --parallel 2
  chaos-harness run --control my-scenario.yaml
  chaos-harness run --context staging --install-chaos-mesh -m stress
"""


def help_text() -> str:
    """Return the help of the command: its own options first, and how to come by those of pytest."""
    parser = argparse.ArgumentParser(
        "chaos-harness run",
        usage="%(prog)s [PATH...] [options of this command and of pytest]",
        description="Runs scenarios on a cluster, with pytest, and writes a report.",
        epilog=_PYTEST,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    group = parser.add_argument_group("options")
    for option in ALL:
        group.add_argument(option.name, **{**option.arguments, "default": option.default})
    return parser.format_help()


def run(arguments: Sequence[str]) -> int:
    """Run scenarios and return the exit code (docs/exit-codes.md)."""
    words = list(arguments)
    ours = words[: words.index("--")] if "--" in words else words
    if "--help" in ours or "-h" in ours:
        sys.stdout.write(help_text())
        return ExitCode.OK
    if "--help" in words:
        # Behind `--`: what pytest itself takes.
        words.remove("--")
    found, rest = contexts.values_of("--context", words)
    if len(found) > 1:
        return contexts.run_each(found, rest)
    checkout = bundled.root() / "pyproject.toml"
    if checkout.is_file():
        # The checkout's own conftest.py only loads the plugin, which is loaded here; pytest refuses such
        # a file when it comes to it after the start, as it does from another working directory.
        cut = f"--confcutdir={bundled.scenarios()}"
        # Without a path pytest would import the conftest.py of the harness' own tests, and hypothesis.
        paths = f"testpaths={shlex.quote(str(bundled.scenarios()))}"
        words = ["-c", str(checkout), f"--rootdir={bundled.root()}", cut, "-o", paths, *words]
    # pytest warns that it cannot rewrite asserts of modules that this command has imported already.
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    # The short names first: the plugin looks whether they are there.
    plugins = ["-p", SHORT_NAMES, "-p", "harness.pytest_plugin.plugin"]
    return int(pytest.main([*plugins, "--without-path-all", *quiet, *words]))
