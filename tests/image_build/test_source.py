from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from harness.base import process
from harness.base.progress import Progress
from harness.image_build.artefact import CacheEntry
from harness.image_build.source import debian_versions, key_of, load, release_of_prometheus
from harness.stack.engine import Engine

NODE = "localhost/chaos-harness/node"


@dataclass
class FakeEngine:
    """An engine with some images in its storage, one of them in use by a container."""

    images: set[str]
    in_use: str = ""
    name: str = "podman"
    asked: list[list[str]] = field(default_factory=list)

    def run(self, name: str, args: list[str], *, timeout: float, **options: Any) -> process.Result:
        self.asked.append(args)
        code, out = 0, ""
        match args:
            case ["image", "inspect", *_, image]:
                code = 0 if image in self.images else 125
            case ["load", "--input", archive]:
                self.images.add(Path(archive).read_text())
            case ["images", *_]:
                out = "\n".join([*sorted(self.images), f"{NODE}-other:1"])
            case ["rmi", image]:
                code = 2 if image == self.in_use else 0
                self.images -= {image} if code == 0 else set()
            case _:
                raise AssertionError(args)
        return process.Result(code, out, "", 0.0)


def loaded(engine: FakeEngine, image: str, tmp_path: Path) -> FakeEngine:
    archive = tmp_path / "node.tar"
    archive.write_text(image)
    load(cast(Engine, engine), image, archive, progress=Progress(), logs=tmp_path)
    return engine


def test_an_image_that_the_engine_has_is_not_loaded_again(tmp_path: Path) -> None:
    engine = loaded(FakeEngine({f"{NODE}:1"}), f"{NODE}:1", tmp_path)
    assert len(engine.asked) == 1


def test_an_image_that_was_wiped_is_loaded(tmp_path: Path) -> None:
    assert loaded(FakeEngine(set()), f"{NODE}:1", tmp_path).images == {f"{NODE}:1"}


def test_older_node_images_go_except_one_in_use(tmp_path: Path) -> None:
    engine = FakeEngine({f"{NODE}:1", f"{NODE}:2"}, in_use=f"{NODE}:2")
    assert loaded(engine, f"{NODE}:3", tmp_path).images == {f"{NODE}:2", f"{NODE}:3"}
    assert ["rmi", f"{NODE}-other:1"] not in engine.asked


@pytest.mark.parametrize(
    ("module", "release"), [("v0.316.0", "v3.16.0"), ("v0.300.1", "v3.0.1"), ("v0.55.0", "v2.55.0")]
)
def test_prometheus_release_is_told_from_its_module_version(module: str, release: str) -> None:
    assert release_of_prometheus(module) == release


def test_versions_of_debian_packages_are_read(tmp_path: Path) -> None:
    (tmp_path / "packages.txt").write_text("adduser 3.134\nrunc 1.1.5+ds1-1\nsystemd 252.39\n")
    assert debian_versions(CacheEntry("k", tmp_path, {}), ("runc",)) == {"runc": "1.1.5+ds1-1"}


def test_the_key_of_a_set_follows_every_entry() -> None:
    def key(**entries: str) -> str:
        return key_of({name: CacheEntry(value, Path("/nowhere"), {}) for name, value in entries.items()})

    assert key(a="1", b="2") == key(b="2", a="1")
    assert len({key(a="1", b="2"), key(a="1", b="3"), key(a="2", b="2"), key(a="1")}) == 4
