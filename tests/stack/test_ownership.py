"""Whose a kind cluster is, by the record, by the mark, and by what earlier versions left."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.base import places
from harness.stack import kind, ownership
from harness.stack.ownership import ForeignClusterError, Owner
from harness.stack.state import StateFolder
from tests.fakes.engine import FakeEngine

NODE = "c-control-plane"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateFolder:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))
    own = StateFolder("c")
    own.prepare()
    return own


@pytest.fixture
def podman() -> FakeEngine:
    return FakeEngine("podman", Path("podman"))


def whose(state: StateFolder, podman: FakeEngine) -> Owner:
    return ownership.owner(state, kind.containers("c", podman), podman)


def test_what_is_not_there_is_nobody_elses(state: StateFolder, podman: FakeEngine) -> None:
    assert whose(state, podman).ours
    assert not any("inspect" in call for call in podman.calls)


def test_recorded_containers_are_ours_without_asking(state: StateFolder, podman: FakeEngine) -> None:
    """After a crash an engine may not be able to look into a container that it lists."""
    podman.add("c", NODE, state="exited")
    ownership.seal(state, ownership.begin(state), kind.containers("c", podman))
    assert whose(state, podman).ours
    assert not any("inspect" in call for call in podman.calls)


def test_a_container_without_record_or_mark_is_not_ours(state: StateFolder, podman: FakeEngine) -> None:
    podman.add("c", NODE, mounts=("/lib/modules", "/var"))
    assert whose(state, podman) == Owner(ours=False)
    with pytest.raises(ForeignClusterError, match="was not made by this harness") as caught:
        ownership.verify(state, kind.containers("c", podman), podman)
    assert NODE in caught.value.render()
    assert "--cluster NAME" in caught.value.next_step
    assert caught.value.exit_code == 4


def test_the_mark_is_enough_when_the_creation_was_cut_off(state: StateFolder, podman: FakeEngine) -> None:
    podman.add("c", NODE, mounts=(ownership.mark(state, ownership.begin(state)),))
    assert whose(state, podman).ours


def test_the_mark_is_enough_when_the_record_is_lost(state: StateFolder, podman: FakeEngine) -> None:
    podman.add("c", NODE, mounts=(ownership.mark(state, ownership.begin(state)),))
    ownership.forget(state)
    assert whose(state, podman).ours


def test_another_state_folder_is_named(
    state: StateFolder, podman: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "of another: user"
    with monkeypatch.context() as patch:
        patch.setenv("CHAOS_HARNESS_STATE", str(other))
        theirs = StateFolder("c")
        theirs.prepare()
        podman.add("c", NODE, mounts=(ownership.mark(theirs, ownership.begin(theirs)),))
    with pytest.raises(ForeignClusterError, match=f"from another state folder: {other}") as caught:
        ownership.verify(state, kind.containers("c", podman), podman)
    assert f"CHAOS_HARNESS_STATE={other}" in caught.value.next_step


def test_a_copy_of_the_state_folder_is_another(
    state: StateFolder, podman: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    podman.add("c", NODE)
    ownership.seal(state, ownership.begin(state), kind.containers("c", podman))
    folder = state.folder
    shutil.copytree(tmp_path / "state", tmp_path / "copy")
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "copy"))
    assert whose(StateFolder("c"), podman) == Owner(ours=False, folder=folder)


def test_a_link_to_the_state_folder_is_the_same(
    state: StateFolder, podman: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    podman.add("c", NODE, mounts=(ownership.mark(state, ownership.begin(state)),))
    (tmp_path / "home").symlink_to(tmp_path)
    monkeypatch.delenv("CHAOS_HARNESS_STATE")
    monkeypatch.setattr(places, "state_dir", lambda: tmp_path / "home" / "state")
    assert whose(StateFolder("c"), podman).ours


def test_a_state_folder_of_the_same_path_elsewhere_is_another(state: StateFolder, podman: FakeEngine) -> None:
    """Two containers that share an engine have the same paths."""
    podman.add("c", NODE, mounts=(ownership.mark(state, "0123"),))
    ownership.begin(state)
    assert whose(state, podman) == Owner(ours=False, folder=state.folder)


def test_a_stranger_among_ours_makes_the_cluster_foreign(state: StateFolder, podman: FakeEngine) -> None:
    podman.add("c", NODE)
    ownership.seal(state, ownership.begin(state), kind.containers("c", podman))
    podman.add("c", "c-worker-by-hand")
    assert not whose(state, podman).ours


@pytest.mark.parametrize(("made", "ours"), [("2026-01-01T00:00:00Z", True), ("2026-01-01T00:02:00Z", False)])
def test_without_marks_a_container_is_ours_if_it_was_there_before_the_handle(
    made: str, ours: bool, state: StateFolder, podman: FakeEngine
) -> None:
    podman.add("c", NODE, created=made)
    state.handle.touch()
    written = datetime(2026, 1, 1, 0, 1, tzinfo=UTC).timestamp()
    os.utime(state.handle, (written, written))
    assert whose(state, podman).ours is ours
    state.handle.unlink()
    # What was adopted has its record from then on.
    assert whose(state, podman).ours is ours


def test_times_do_not_count_once_there_is_a_record(state: StateFolder, podman: FakeEngine) -> None:
    podman.add("c", NODE)
    state.handle.touch()
    ownership.begin(state)
    assert not whose(state, podman).ours
