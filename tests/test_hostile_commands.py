"""No file of a stranger hurts who reads it: commands are bounded, run nothing, show nothing of others.

Each attack is tried in a process of its own with the time and the memory that a reader may take.
"""

import multiprocessing
import re
import resource
import sys
from html.parser import HTMLParser
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
COMMANDS = {
    "scenario": (["lint", "IT"],),
    "recording": (["replay", "IT"], ["mutate", "IT"]),
    "report": (["report", "IT"], ["compare", "IT", "IT"], ["flaky", "IT", "IT"], ["mutate", "IT/recordings"]),
}
OFTEN = {
    "a metric of 10 MiB",
    "unary PromQL",
    "many endings",
    "many expectations",
    "findings of 60 MiB",
    "entries by a link",
    "scenarios of one name",
    "markup everywhere",
    "a label of 10 MiB",
    "a recording outside",
    "an exposition by a link",
}
"""Attacks on reports and recordings that are tried with the unit tests; the others: `ci/test hostile`."""
TRIED = [
    pytest.param(
        words,
        make,
        id=f"{words[0]}-{name}",
        marks=[] if kind == "scenario" or name in OFTEN else pytest.mark.hostile,
    )
    for kind, name, make in attacks()
    for words in COMMANDS.get(kind, ())
    if words[-1] != "IT/recordings" or "anything" in name or name.startswith(("nested", "spaces", "results"))
]


def called(words: list[str], out: Path) -> int:
    """Call a command with its output in a file, and no more time than it may take."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    # `mutate` starts processes, which a daemon must not.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    with out.open("w", encoding="utf-8") as file:
        sys.stdout = sys.stderr = file
        return cli.main(words)


class Page(HTMLParser):
    """Collects what a page would do."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"img", "iframe", "object", "embed", "base", "link"}:
            self.acts.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or (name in {"href", "src", "action"} and not _harmless(value or "")):
                self.acts.append(f"{tag} {name}={(value or '')[:60]}")


def _harmless(address: str) -> bool:
    return address.startswith("#") or not re.match(r"[\s\0-\x1f]*[a-zA-Z][a-zA-Z0-9+.-]*:", address)


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
    page = it / "index.html"
    if words[0] == "report" and page.is_file() and not page.is_symlink():
        shown = page.read_text(encoding="utf-8")
        assert CANARY not in shown
        assert Page(shown).acts == []
        assert shown.count("<script") == 1
        assert "default-src 'none'" in shown
