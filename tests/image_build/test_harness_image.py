"""The image of the harness: what is in it, and what makes another one of it."""

from __future__ import annotations

import shutil
import tarfile
import threading
from pathlib import Path

import pytest

from harness.base import bundled, process
from harness.base.errors import UsageError
from harness.image_build import debian, harness_image
from harness.image_build.artefact import Artefact, Build, CacheEntry, digests_in

LOCK = "tenacity==9 \\\n    --hash=sha256:aa\n    # via x (pyproject.toml)\n"
PROJECT = '[project]\nname = "x"\ndependencies = ["tenacity>=9"]\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name in (
        "harness/cli.py",
        "fixtures/pins.toml",
        "scenarios/daemon/a.yaml",
        "tests/test_a.py",
        ".git/x",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "harness/__pycache__").mkdir()
    (root / "harness/__pycache__/cli.pyc").write_text("compiled")
    (root / "requirements.lock").write_text(LOCK)
    (root / "pyproject.toml").write_text(PROJECT)
    return root


def of_debian(name: str) -> Artefact:
    return Artefact(name, name, lambda _: None)


def keys(root: Path) -> tuple[str, str]:
    """Return the keys of packages and image, of entries whose content follows their keys."""
    image = harness_image.artefact(root, of_debian("base"), of_debian("python"), threading.Event())
    entries = {name: CacheEntry(name, root, {debian.LAYER: name}) for name in ("base", "python")}
    packages = image.uses[2].artefact
    key = packages.key({})
    entries[packages.name] = CacheEntry(key, root, {"packages.layer": key})
    return key, image.key(entries)


def test_a_change_of_the_lock_or_of_a_file_makes_another_image(checkout: Path) -> None:
    packages, image = keys(checkout)
    (checkout / "tests/test_a.py").write_text("of no interest")
    (checkout / "harness/__pycache__/cli.pyc").write_text("neither")
    assert keys(checkout) == (packages, image)
    (checkout / "scenarios/daemon/a.yaml").write_text("changed")
    changed = keys(checkout)
    assert changed[0] == packages
    assert changed[1] != image
    (checkout / "requirements.lock").write_text(LOCK.replace("aa", "bb"))
    assert keys(checkout)[0] != packages


def test_what_of_a_checkout_is_in_it(checkout: Path) -> None:
    assert sorted(harness_image.files_of(checkout)) == [
        "fixtures/pins.toml",
        "harness/cli.py",
        "pyproject.toml",
        "scenarios/daemon/a.yaml",
    ]


def test_all_that_a_run_reads_is_in_it() -> None:
    files = harness_image.files_of(bundled.root())
    for name in ("harness/cli/__main__.py", "harness/stack/in_cluster/pod.py", "scenarios/seen.json"):
        assert name in files
    assert "fixtures/workloads/mini-node-exporter/workload.yaml" in files


def test_without_a_lock_no_image_is_built(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the image of the harness is built in a checkout") as caught:
        harness_image.artefact(tmp_path, of_debian("base"), of_debian("python"), threading.Event())
    assert "--harness-image" in caught.value.next_step


def test_it_is_one_archive_whose_tag_its_content_decides(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pip(name: str, argv: list[str | Path], **_: object) -> None:
        (target,) = (str(word).partition("=")[2] for word in argv if str(word).startswith("--target="))
        assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= {*map(str, argv)}
        (Path(target) / "pytest").mkdir(parents=True)
        (Path(target) / "pytest/__init__.py").write_text("")

    monkeypatch.setattr(process, "run", pip)
    image = harness_image.artefact(checkout, of_debian("base"), of_debian("python"), threading.Event())
    entries = {name: _entry(tmp_path / name, debian.LAYER) for name in ("base", "python")}
    packages = image.uses[2].artefact
    entries[packages.name] = _built(packages, tmp_path / "packages", entries)
    built = _built(image, tmp_path / "image", entries)
    name = built.path(harness_image.NAME).read_text().strip()
    assert name.startswith("chaos-harness.local/harness:")
    with tarfile.open(built.path(harness_image.ARCHIVE)) as archive:
        assert name in archive.extractfile("manifest.json").read().decode()  # type: ignore[union-attr]
    again = _built(image, tmp_path / "again", entries)
    assert again.digests == built.digests
    assert not (tmp_path / "packages/site").exists()


def _entry(folder: Path, name: str) -> CacheEntry:
    folder.mkdir()
    with tarfile.open(folder / name, "w"):
        pass
    return CacheEntry(folder.name, folder, digests_in(folder))


def _built(artefact: Artefact, folder: Path, entries: dict[str, CacheEntry]) -> CacheEntry:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    artefact.build(Build(folder, folder.with_suffix(".log"), entries))
    return CacheEntry(artefact.name, folder, digests_in(folder))
