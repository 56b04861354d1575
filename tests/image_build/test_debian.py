import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import InfrastructureError, UsageError
from harness.image_build import debian
from harness.image_build.debian import MIRROR_VARIABLE, Debian, mirror


class _Asked(Exception):  # noqa: N818  (no error: it ends what is tested)
    """A command would be run."""

    def __init__(self, argv: list[str]) -> None:
        self.argv = argv


def bootstrap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(own: Debian, name: str, argv: Sequence[str | Path], **options: Any) -> None:
        raise _Asked([str(word) for word in argv])

    monkeypatch.setattr(Debian, "_run", ask)
    monkeypatch.setenv(MIRROR_VARIABLE, "http://mirror.test/debian")
    Debian("bookworm", threading.Event()).base(folder, folder / "log")


def test_without_keys_nothing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """debootstrap goes on without, and verifies nothing."""
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "keys.gpg")
    with pytest.raises(InfrastructureError, match="cannot be verified") as caught:
        bootstrap(tmp_path, monkeypatch)
    assert caught.value.next_step == "install debian-archive-keyring"


def test_packages_are_verified_by_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "keys.gpg")
    (tmp_path / "keys.gpg").touch()
    with pytest.raises(_Asked) as asked:
        bootstrap(tmp_path, monkeypatch)
    assert {"--force-check-gpg", f"--keyring={tmp_path / 'keys.gpg'}"} <= set(asked.value.argv)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    return tmp_path


def apt(folder: Path, *rows: str) -> None:
    """An apt-get that has these index targets."""
    program = folder / "apt-get"
    program.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(rows) + "\nEND\n")
    program.chmod(0o755)
    (folder / "cat").symlink_to("/bin/cat")


def test_the_variable_goes_before_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt(path, "http://machine.test/debian/ bookworm main Debian")
    monkeypatch.setenv(MIRROR_VARIABLE, "http://own.test/debian")
    assert mirror("bookworm") == "http://own.test/debian"


def test_the_machines_mirror_of_the_suite_is_taken(path: Path) -> None:
    apt(
        path,
        "http://other.test/packages stable main Other",
        "http://machine.test/debian/ bookworm-updates main Debian",
        "http://machine.test/debian/ bookworm main Debian",
    )
    assert mirror("bookworm") == "http://machine.test/debian"


def test_a_mirror_of_another_debian_suite_has_this_one_too(path: Path) -> None:
    apt(
        path,
        "http://machine.test/debian-security/ trixie-security main Debian",
        "http://machine.test/debian/ trixie main Debian",
    )
    assert mirror("bookworm") == "http://machine.test/debian"


@pytest.mark.parametrize("rows", [(), ("http://machine.test/ubuntu/ noble main Ubuntu",)])
def test_without_a_debian_mirror_the_user_is_told_how_to_name_one(path: Path, rows: tuple[str, ...]) -> None:
    apt(path, *rows)
    with pytest.raises(UsageError) as caught:
        mirror("bookworm")
    assert MIRROR_VARIABLE in caught.value.next_step


def test_without_apt_the_user_is_told_how_to_name_one(path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        mirror("bookworm")
    assert MIRROR_VARIABLE in caught.value.next_step
