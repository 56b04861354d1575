import io
import os
from pathlib import Path

import pytest

from harness.base.errors import InfrastructureError
from harness.base.process import CommandError
from harness.base.progress import Progress
from harness.image_build import requirements
from harness.image_build.debian import MIRROR_VARIABLE, mirror

NEEDED = {"debootstrap": "debootstrap", "gcc": "gcc", "/nowhere/stdio.h": "libc6-dev"}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return folder


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def ensure(tmp_path: Path, needed: dict[str, str] = NEEDED) -> str:
    said = io.StringIO()
    requirements.ensure(needed, progress=Progress(said), logs=tmp_path / "logs")
    return said.getvalue()


def test_what_is_missing_is_installed_and_nothing_else(path: Path, tmp_path: Path) -> None:
    program(path, "gcc")
    program(path, "apt-get", f'echo "$@" >>{tmp_path}/calls; echo Inst libgcc')
    said = ensure(tmp_path)
    assert "installing Debian packages: debootstrap, libc6-dev" in said
    assert "with them come: libgcc" in said
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    assert calls[0][-1] == "update"
    assert "--simulate" in calls[1]
    assert "--no-remove" in calls[2]
    assert [call[-2:] for call in calls[1:]] == [["debootstrap", "libc6-dev"]] * 2


def test_nothing_is_installed_in_the_place_of_another_package(path: Path, tmp_path: Path) -> None:
    program(path, "apt-get", f'echo "$@" >>{tmp_path}/calls; echo "Remv clang [14]"')
    with pytest.raises(InfrastructureError, match="would remove clang; nothing was installed"):
        ensure(tmp_path)
    assert "--no-remove" not in (tmp_path / "calls").read_text()


def test_the_keys_that_verify_packages_are_needed() -> None:
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert requirements.NEEDED[keyring] == "debian-archive-keyring"


def test_nothing_is_installed_when_nothing_is_missing(path: Path, tmp_path: Path) -> None:
    program(path, "gcc")
    program(path, "apt-get", "exit 1")
    assert ensure(tmp_path, {"gcc": "gcc"}) == ""


def test_without_apt_all_packages_are_named(path: Path, tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError) as caught:
        ensure(tmp_path)
    assert "debootstrap, gcc, libc6-dev" in caught.value.problem
    assert caught.value.next_step == "install debootstrap, gcc, libc6-dev"


def test_a_failed_installation_names_the_packages_and_the_log(path: Path, tmp_path: Path) -> None:
    program(path, "apt-get", "echo no network >&2; exit 100")
    with pytest.raises(CommandError) as caught:
        ensure(tmp_path)
    assert "no network" in caught.value.render()
    assert caught.value.next_step == "install debootstrap, gcc, libc6-dev"
    assert caught.value.log and "no network" in caught.value.log.read_text()


def test_without_root_another_way_is_named(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(InfrastructureError, match="as root only") as caught:
        ensure(tmp_path)
    assert "--images registry" in caught.value.next_step


@pytest.mark.parametrize("known", ["", "http://own.test/debian"])
def test_where_apt_has_no_debian_mirror_debootstraps_own_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, known: str
) -> None:
    """As on Ubuntu: apt names Ubuntu's mirrors only."""
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\necho http://archive.ubuntu.test/ubuntu noble main Ubuntu\n")
    apt.chmod(0o755)
    debootstrap = tmp_path / "debootstrap"
    debootstrap.write_text('#!/bin/sh\nDEF_MIRROR="http://default.test/debian"\nDEF_HTTPS_MIRROR="x"\n')
    debootstrap.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(MIRROR_VARIABLE, known)
    said = io.StringIO()
    requirements.settle_mirror("bookworm", Progress(said))
    assert mirror("bookworm") == (known or "http://default.test/debian")
    assert ("apt has no Debian mirror" in said.getvalue()) is (known == "")
