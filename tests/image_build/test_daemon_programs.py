from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.base.errors import UsageError
from harness.image_build.daemon_programs import DaemonPrograms


def program(path: Path) -> None:
    shutil.copy(Path(sys.executable).resolve(), path)


def test_those_that_are_there_are_taken_and_no_other(tmp_path: Path) -> None:
    program(tmp_path / "toda")
    (tmp_path / "README").write_text("about it")
    (tmp_path / "chaos-daemon").write_text("another program")
    found = DaemonPrograms.within(tmp_path)
    assert found.files == {"toda": tmp_path / "toda"}
    assert found.versions == {"toda": f"given, sha256 {found.digests['toda'][:12]}"}


def test_other_contents_are_another_digest(tmp_path: Path) -> None:
    program(tmp_path / "tproxy")
    before = DaemonPrograms.within(tmp_path).digests
    with (tmp_path / "tproxy").open("ab") as file:
        file.write(b"\n")
    assert DaemonPrograms.within(tmp_path).digests != before


def script(path: Path) -> None:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


def for_another_processor(path: Path) -> None:
    program(path)
    with path.open("r+b") as file:
        file.seek(18)
        file.write((40).to_bytes(2, "little"))


def not_executable(path: Path) -> None:
    program(path)
    path.chmod(0o644)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "neither toda nor tproxy is there"),
        (script, "toda is no program for Linux"),
        (for_another_processor, "toda is for ELF machine 40, and the nodes are"),
        (not_executable, "toda is not executable"),
        (Path.mkdir, "toda is no file"),
        (os.mkfifo, "toda is no file"),
    ],
)
def test_what_cannot_run_is_refused(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path / "toda")
    with pytest.raises(UsageError, match=said):
        DaemonPrograms.within(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=f"{name}: no"):
        DaemonPrograms.within(tmp_path / name)
