"""The folders of the harness, and what is told when they cannot be used."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from harness import cli
from harness.base import places


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("CHAOS_HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "state"


def test_only_its_user_may_look_into_a_folder_that_was_made(state: Path) -> None:
    assert places.make_private(state).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_was_there_keeps_its_mode(state: Path) -> None:
    """It may be /tmp."""
    state.mkdir(mode=0o755)
    assert places.make_private(state).stat().st_mode & 0o777 == 0o755


def test_another_users_folder_is_named_with_its_owner(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: state.stat().st_uid + 4711)
    with pytest.raises(places.PlaceError, match=f"{state} belongs to ") as caught:
        places.make_private(state)
    assert "CHAOS_HARNESS_STATE" in caught.value.next_step


def test_a_folder_that_cannot_be_written_is_named(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(places.PlaceError, match=f"{state} cannot be written"):
        places.make_private(state)


@pytest.mark.parametrize("command", ["up", "down", "status"])
def test_a_file_in_place_of_the_folder_is_no_traceback(
    command: str, state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state.write_text("")
    # Whether or not there is an engine.
    monkeypatch.setenv("PATH", str(state.parent))
    assert cli.main([command]) == 6
    said = capsys.readouterr().err
    assert said.startswith("chaos-harness: cannot use ")
    assert "CHAOS_HARNESS_STATE" in said


@pytest.mark.parametrize("place", ["state", "cache"])
def test_a_file_of_ours_that_cannot_be_used_is_named(place: str, tmp_path: Path) -> None:
    path = tmp_path / place / "c" / "run.lock"
    with (
        pytest.raises(places.PlaceError, match=f"cannot use {path}: Permission denied") as caught,
        places.reported(),
    ):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))
    assert f"CHAOS_HARNESS_{place.upper()}" in caught.value.next_step


def test_whose_folder_is_in_the_way_of_a_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 4711)
    (tmp_path / "cache").mkdir()
    with pytest.raises(places.PlaceError) as caught, places.reported():
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "cache" / "images" / "x"))
    assert f"the folder {tmp_path / 'cache'} belongs to " in caught.value.render()


def test_a_full_disk_is_named_even_without_a_file() -> None:
    with pytest.raises(places.PlaceError, match="No space left") as caught, places.reported():
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.next_step == "free some disk space"


def test_files_of_others_are_another_matter(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), places.reported():
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "x"))
