from pathlib import Path

import pytest

from harness.base.errors import UsageError
from harness.stack.images.debian import MIRROR_VARIABLE, mirror


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
