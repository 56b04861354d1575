"""One run at a time; the lock ends with its process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.base.errors import UsageError
from harness.stack import lock

HOLD = """
import sys
from harness.stack import lock
with lock.held("c", "run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path))


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    root = Path(lock.__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_second_is_told_who_is_first(other: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(UsageError, match=rf"in use by process {other.pid} \(run\) since 20\d\d-"),
        lock.held("c", "up"),
    ):
        pass


def test_the_holder_is_shown(other: subprocess.Popen[str]) -> None:
    holder = lock.holder("c")
    assert holder is not None
    assert (holder.pid, holder.doing) == (other.pid, "run")


def test_a_killed_holder_holds_nothing(other: subprocess.Popen[str]) -> None:
    other.kill()
    other.communicate()
    assert lock.holder("c") is None
    with lock.held("c", "up"):
        held = lock.holder("c")
    assert held is not None
    assert held.pid == os.getpid()


def test_clusters_do_not_disturb_each_other(other: subprocess.Popen[str]) -> None:
    with lock.held("another", "up"):
        assert lock.holder("another") is not None


def test_an_unreadable_file_still_locks(other: subprocess.Popen[str], tmp_path: Path) -> None:
    (tmp_path / "c" / "run.lock").write_text("{")
    with pytest.raises(UsageError, match="in use by a process"), lock.held("c", "up"):
        pass


def test_nobody_holds_what_was_never_used() -> None:
    assert lock.holder("never") is None
