import json
import os
import threading
from pathlib import Path

import pytest

from harness.base.places import PlaceError
from harness.base.progress import Progress
from harness.image_build.artefact import Artefact, Build, CacheEntry
from harness.image_build.store import Store


class Maker:
    """Builds an artefact and counts how often; fails when told to."""

    def __init__(self, text: str = "made") -> None:
        self.text = text
        self.builds = 0
        self.fails = False

    def build(self, work: Build) -> None:
        self.builds += 1
        (work.out / "part").write_text(self.text)
        if self.fails:
            raise RuntimeError("the compiler fell over")
        (work.out / "whole").write_text(self.text)

    def artefact(self, name: str = "thing", pin: str = "1") -> Artefact:
        return Artefact(name, f"making {name}", self.build, {"pin": pin})


def get(store: Store, artefact: Artefact, tmp_path: Path) -> CacheEntry:
    return store.get(artefact, {}, progress=Progress(), logs=tmp_path / "logs")


def test_an_entry_is_built_once(tmp_path: Path) -> None:
    store, maker = Store(tmp_path / "images"), Maker()
    assert store.find(maker.artefact(), {}) is None
    first = get(store, maker.artefact(), tmp_path)
    second = get(store, maker.artefact(), tmp_path)
    assert maker.builds == 1
    assert first.folder == second.folder
    assert first.path("whole").read_text() == "made"
    assert set(first.digests) == {"part", "whole"}


def test_another_pin_is_another_entry(tmp_path: Path) -> None:
    store, maker = Store(tmp_path / "images"), Maker()
    assert (
        get(store, maker.artefact(pin="1"), tmp_path).folder
        != get(store, maker.artefact(pin="2"), tmp_path).folder
    )
    assert maker.builds == 2


def test_a_cache_of_another_user_is_read_and_not_added_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, maker = Store(tmp_path / "images"), Maker()
    get(store, maker.artefact(), tmp_path)
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 4711)
    assert get(store, maker.artefact(), tmp_path).path("whole").exists()
    with pytest.raises(PlaceError, match=f"the folder {tmp_path} belongs to "):
        get(store, maker.artefact(pin="2"), tmp_path)
    assert maker.builds == 1


def test_a_build_that_fails_leaves_nothing_that_could_be_taken_for_a_result(tmp_path: Path) -> None:
    store, maker = Store(tmp_path / "images"), Maker()
    maker.fails = True
    with pytest.raises(RuntimeError, match="fell over"):
        get(store, maker.artefact(), tmp_path)
    assert store.find(maker.artefact(), {}) is None
    assert not [path for path in (tmp_path / "images").rglob("*") if path.is_dir() and path.name != "thing"]
    maker.fails = False
    assert get(store, maker.artefact(), tmp_path).path("whole").exists()


def test_what_a_killed_build_left_is_thrown_away(tmp_path: Path) -> None:
    store, maker = Store(tmp_path / "images"), Maker()
    folder = get(store, maker.artefact(), tmp_path).folder
    leftover = folder.with_name(f"{folder.name}.tmp-12345")
    leftover.mkdir()
    (folder / "entry.json").unlink()
    assert store.find(maker.artefact(), {}) is None
    get(store, maker.artefact(), tmp_path)
    assert maker.builds == 2
    assert not leftover.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "whole").unlink(),
        lambda folder: (folder / "whole").write_text("cut"),
        lambda folder: (folder / "entry.json").write_text("{"),
        lambda folder: (folder / "entry.json").write_text(json.dumps({"key": "k"})),
    ],
)
def test_a_damaged_entry_is_built_again(tmp_path: Path, damage: object) -> None:
    store, maker = Store(tmp_path / "images"), Maker()
    damage(get(store, maker.artefact(), tmp_path).folder)  # type: ignore[operator]
    assert store.find(maker.artefact(), {}) is None
    assert get(store, maker.artefact(), tmp_path).path("whole").read_text() == "made"
    assert maker.builds == 2


def test_two_at_once_build_it_once(tmp_path: Path) -> None:
    root, maker = tmp_path / "images", Maker()
    began, go_on = threading.Event(), threading.Event()

    def slow(work: Build) -> None:
        began.set()
        assert go_on.wait(10)
        maker.build(work)

    artefact = Artefact("thing", "making thing", slow, {"pin": "1"})
    entries: list[CacheEntry] = []
    threads = [
        threading.Thread(target=lambda: entries.append(get(Store(root), artefact, tmp_path)))
        for _ in range(2)
    ]
    threads[0].start()
    assert began.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert maker.builds == 1
    assert len({entry.folder for entry in entries}) == 1 and len(entries) == 2


def test_prune_keeps_what_is_in_use_and_the_newest_two_of_each(tmp_path: Path) -> None:
    store, maker = Store(tmp_path / "images"), Maker()
    entries = [get(store, maker.artefact(pin=str(pin)), tmp_path) for pin in range(5)]
    other = get(store, maker.artefact(name="other"), tmp_path)
    for age, entry in enumerate(entries):
        os.utime(entry.folder / "entry.json", (1000 + age, 1000 + age))
    removed = store.prune([entries[0]])
    assert set(removed) == {entries[1].folder, entries[2].folder}
    assert [entry.folder.exists() for entry in entries] == [True, False, False, True, True]
    assert other.folder.exists()


def test_finding_an_entry_makes_it_the_newest(tmp_path: Path) -> None:
    store, maker = Store(tmp_path / "images"), Maker()
    entries = [get(store, maker.artefact(pin=str(pin)), tmp_path) for pin in range(3)]
    for entry in entries:
        os.utime(entry.folder / "entry.json", (1000, 1000))
    os.utime(entries[1].folder / "entry.json", (900, 900))
    assert store.find(maker.artefact(pin="1"), {}) is not None
    store.prune([])
    assert entries[1].folder.exists()
