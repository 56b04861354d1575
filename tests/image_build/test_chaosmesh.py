import shutil
import subprocess
from pathlib import Path

import pytest

from harness.base.errors import UsageError
from harness.image_build.chaosmesh import COMMANDS, Checkout, copy_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "chaos-mesh"
    for name in COMMANDS:
        (root / "cmd" / name).mkdir(parents=True)
        (root / "cmd" / name / "main.go").write_text("package main\n")
    (root / "pkg/time/fakeclock").mkdir(parents=True)
    (root / "pkg/time/fakeclock/fake_gettimeofday.c").write_text("int x;\n")
    (root / "hack").mkdir()
    (root / "hack/pause.c").write_text("int main() {}\n")
    (root / "helm/chaos-mesh").mkdir(parents=True)
    (root / "helm/chaos-mesh/Chart.yaml").write_text("name: chaos-mesh\n")
    (root / "api").mkdir()
    (root / "api/go.mod").write_text("module github.com/chaos-mesh/chaos-mesh/api\n")
    (root / "go.mod").write_text("module github.com/chaos-mesh/chaos-mesh\n\ngo 1.25\n")
    (root / "go.sum").write_text("")
    return root


def test_a_checkout_is_known_by_its_files(folder: Path) -> None:
    checkout = Checkout.at(folder)
    assert checkout.folder == folder
    assert checkout.has_api
    (folder / "api/go.mod").unlink()
    assert not Checkout.at(folder).has_api


@pytest.mark.parametrize("missing", ["go.sum", "hack/pause.c", "helm/chaos-mesh/Chart.yaml"])
def test_a_folder_without_what_is_needed_is_refused_by_name(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(UsageError) as caught:
        Checkout.at(folder)
    assert missing in caught.value.problem
    assert "root of a checkout" in caught.value.next_step


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        Checkout.at(tmp_path / "typo")


def test_another_modules_checkout_is_refused(folder: Path) -> None:
    (folder / "go.mod").write_text("module github.com/somebody/fork\n")
    with pytest.raises(UsageError, match="somebody/fork"):
        Checkout.at(folder)


@pytest.mark.parametrize(
    "changed",
    ["cmd/chaos-daemon/main.go", "api/go.mod", "helm/chaos-mesh/Chart.yaml", "go.mod", "hack/pause.c"],
)
def test_the_digest_follows_every_source_that_decides_the_build(folder: Path, changed: str) -> None:
    before = Checkout.at(folder).digest()
    with (folder / changed).open("a") as file:
        file.write("\n")
    assert Checkout.at(folder).digest() != before


def test_the_digest_does_not_follow_what_no_build_reads(folder: Path) -> None:
    before = Checkout.at(folder).digest()
    (folder / "README.md").write_text("changed")
    (folder / "pkg/time/fakeclock/fake_gettimeofday.o").write_bytes(b"object")
    assert Checkout.at(folder).digest() == before


def test_without_git_the_version_comes_from_the_digest(folder: Path) -> None:
    assert Checkout.at(folder).version("0123456789abcdef") == "source-0123456789ab"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_with_git_the_version_is_named_by_the_release_not_by_its_chart(folder: Path) -> None:
    """Chaos Mesh tags v2.7.3 and chart-2.7.3 at one commit, and `git describe` prefers the newer tag."""
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "x"],
        ["tag", "-am", "release", "v2.7.3"],
        ["tag", "-am", "chart", "chart-2.7.3"],
        ["tag", "fake-release-1"],
    ):
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, timeout=60)
    assert Checkout.at(folder).version("0123456789abcdef") == "v2.7.3-source-01234567"


def test_a_copy_is_writable_and_leaves_out_what_no_build_needs(folder: Path, tmp_path: Path) -> None:
    (folder / "ui").mkdir()
    (folder / "ui/big").write_text("x")
    (folder / "go.mod").chmod(0o444)
    (folder / "cmd").chmod(0o555)
    copy_source(folder, tmp_path / "copy")
    (folder / "cmd").chmod(0o755)
    assert not (tmp_path / "copy/ui").exists()
    assert (tmp_path / "copy/go.mod").stat().st_mode & 0o200
    assert (tmp_path / "copy/cmd").stat().st_mode & 0o200
