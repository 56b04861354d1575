"""Helps with examples that can be typed, and completions for the usual shells."""

from __future__ import annotations

import argparse
import shlex
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import cli
from harness.base.errors import ExitCode
from harness.cli.completion import SHELLS
from harness.pytest_plugin import run
from harness.pytest_plugin.options import ALL


def subcommands() -> dict[str, argparse.ArgumentParser]:
    (found,) = (each for each in cli.parser()._actions if isinstance(each, argparse._SubParsersAction))
    return {name: parser for name, parser in found.choices.items() if name != "run"}


@pytest.mark.parametrize("name", subcommands())
def test_each_help_has_examples_that_its_parser_takes(name: str) -> None:
    shown = subcommands()[name].format_help()
    assert "\nexamples:\n" in shown
    for line in shown.partition("\nexamples:\n")[2].splitlines():
        if name != "completion":
            words = shlex.split(line.partition(" > ")[0])
            assert words[:2] == ["chaos-harness", name]
            cli.parser().parse_args(words[1:])


def test_the_help_of_run_is_short_and_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.run(["-k", "x", "--help"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert all(f"  {option.name}" in shown for option in ALL)
    assert "--chaos-cluster" not in shown and "--pdb" not in shown
    assert "chaos-harness run -- --help" in shown
    assert len(shown.splitlines()) < 140


def test_that_of_pytest_is_behind_two_dashes(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []

    def main(words: list[str]) -> int:
        given.append(words)
        return 0

    monkeypatch.setattr(run, "pytest", SimpleNamespace(main=main))
    run.run(["--", "--help"])
    assert given[0][-1] == "--help"
    assert "--" not in given[0]


def completed(tmp_path: Path, script: str, *words: str) -> list[str]:
    """Return what bash offers for the last of some words, by the script that the command prints."""
    typed = " ".join(map(shlex.quote, ["chaos-harness", *words]))
    asked = f"COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _chaos_harness; echo ${{COMPREPLY[@]}}"
    path = tmp_path / "completion"
    path.write_text(f"{script}\n{asked}\n")
    done = subprocess.run(["bash", str(path)], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.split()


def test_bash_completes_subcommands_and_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "bash"]) == ExitCode.OK
    script = capsys.readouterr().out
    assert completed(tmp_path, script, "li") == ["lint"]
    assert {*completed(tmp_path, script, "")} >= {*subcommands(), "run"}
    assert completed(tmp_path, script, "lint", "--for") == ["--format"]
    assert "--parallel" in completed(tmp_path, script, "run", "--p")
    assert completed(tmp_path, script, "lint", "sce") == [], "files are bash's own"


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_that_names_all(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == ExitCode.OK
    script = capsys.readouterr().out
    assert all(name in script for name in subcommands())
    assert ("-l parallel -r" if shell == "fish" else "--parallel") in script
