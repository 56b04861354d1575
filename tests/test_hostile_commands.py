"""No file of a stranger hurts who reads it: commands are bounded, run nothing, show nothing of others.

Each attack is tried in a process of its own with the time and the memory that a reader may take.
"""

import re
import resource
import sys
from pathlib import Path

import pytest

from harness import cli
from harness.base.apart import apart
from harness.base.errors import ExitCode
from tests.fakes.attacks import CANARY, EXECUTED, attacks

CPU_SECONDS = 10
"""That one command may take for one file."""
MEMORY = 300 << 20
"""Bytes in all; what the tests themselves have is counted as what the command has by itself."""
BASE = 80 << 20
"""Of them what a command has before it reads anything."""
_WALL_SECONDS = 300.0
TOLD = {ExitCode.OK, ExitCode.FAILED, ExitCode.USAGE, ExitCode.INFRASTRUCTURE}
COMMANDS = {"scenario": (["lint", "IT"],)}
TRIED = [
    pytest.param(words, make, id=f"{words[0]}-{name}")
    for kind, name, make in attacks()
    for words in COMMANDS[kind]
]


def called(words: list[str], out: Path) -> int:
    """Call a command with its output in a file, and no more time than it may take."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    with out.open("w", encoding="utf-8") as file:
        sys.stdout = sys.stderr = file
        return cli.main(words)


@pytest.mark.parametrize(("words", "make"), TRIED)
def test_a_file_of_a_stranger_is_bounded_and_obeyed_by_nothing(tmp_path, monkeypatch, words, make):
    it = tmp_path / "it"
    it.mkdir()
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))
    make(it)
    out = tmp_path / "out.txt"
    given = [word.replace("IT", str(it)) for word in words]
    try:
        code = apart(lambda: called(given, out), "it", seconds=_WALL_SECONDS, memory=MEMORY - BASE)
    finally:
        told = out.read_text(errors="replace") if out.exists() else ""
    assert code in TOLD, told
    assert "Traceback" not in told
    assert CANARY not in told
    assert not (tmp_path / EXECUTED).exists()
    assert not re.search(r"[^\n\x20-\x7e\u00a0-\u2027\u2030-\uffff]", told)
    assert not re.search(r"^\s*::", told, re.MULTILINE)
    assert len(told) < 400_000
    assert not list((tmp_path / "cwd").iterdir())
