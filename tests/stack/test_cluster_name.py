"""What a cluster may be called, wherever a name comes in."""

from __future__ import annotations

import io
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import cli
from harness.base import process
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.stack import cluster_name, engine, kind, lock
from harness.stack.engine import Engine
from harness.stack.options import UpOptions
from harness.stack.state import StateFolder
from harness.stack.status import status
from harness.stack.up import down, up

WRONG = ["", " ", ".", "..", "../../x", "a/b", "/", "a.b", "-a", "a-", "A", "a_b", "a b", "a*", "a=b", "a,b"]
WRONG += ["a\n", "a\x00", "ä", "x" * 41, "x" * 10_000, "--", "$(id)", "logs"]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(process, "run", _nothing_may_be_asked)
    monkeypatch.setattr(engine, "find", _nothing_may_be_asked)


def _nothing_may_be_asked(*_: Any, **__: Any) -> Any:
    raise AssertionError("something was asked")


@pytest.mark.parametrize("name", ["a", "0", "a-b", "chaos-harness", "x" * 40])
def test_dns_labels_are_names(name: str) -> None:
    assert cluster_name.check(name) == name


@pytest.mark.parametrize("name", WRONG)
def test_no_other_name_reaches_an_engine_or_the_disk(name: str, tmp_path: Path) -> None:
    quiet, podman = Progress(io.StringIO()), Engine("podman", Path("podman"))
    calls: list[Any] = [
        lambda: StateFolder(name),
        lambda: UpOptions(cluster=name).check(),
        lambda: up(UpOptions(cluster=name), quiet, prepare_images=_nothing_may_be_asked),
        lambda: down(name, quiet),
        lambda: status(name, quiet),
        lambda: lock.holder(name),
        lambda: lock.held(name, "up").__enter__(),
        lambda: kind.containers(name, podman),
        lambda: kind.delete(name, [], podman, kubeconfig=tmp_path / "k", logs=tmp_path),
    ]
    for call in calls:
        with pytest.raises(UsageError, match="cannot be the name of a cluster") as caught:
            call()
        assert len(caught.value.render()) < 300
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["up", "down", "status"])
@pytest.mark.parametrize("name", ["", "../../x", "a/b"])
def test_the_command_line_refuses_it(
    command: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, f"--cluster={name}"]) == 4
    assert "cannot be the name of a cluster" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@given(st.text(alphabet=string.printable, max_size=50))
def test_what_is_taken_is_a_dns_label(name: str) -> None:
    try:
        cluster_name.check(name)
    except UsageError:
        return
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-")
    assert 1 <= len(name) <= 40
    assert "-" not in (name[0], name[-1])
