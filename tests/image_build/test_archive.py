import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from harness.image_build.archive import Image, digest_of_layer, write_archive, write_layer


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_bytes(b"\x7fELF")
    path.chmod(0o700)
    return path


def test_a_layer_is_the_same_whenever_it_is_written(tmp_path: Path, program: Path) -> None:
    text = tmp_path / "text"
    text.write_text("hello")
    write_layer(tmp_path / "one.tar", {"usr/bin/x": program, "etc/text": text}, {"usr/bin/y": "x"})
    for path in (program, text):
        path.touch()
    write_layer(tmp_path / "two.tar", {"etc/text": text, "usr/bin/x": program}, {"usr/bin/y": "x"})
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_a_layer_holds_folders_modes_owners_contents_and_links(tmp_path: Path, program: Path) -> None:
    write_layer(tmp_path / "layer.tar", {"usr/bin/x": program, "etc/text": b"hello"}, {"usr/bin/y": "x"})
    with tarfile.open(tmp_path / "layer.tar") as layer:
        found = {member.name: member for member in layer}
        assert layer.extractfile("etc/text").read() == b"hello"  # type: ignore[union-attr]
    assert list(found) == ["etc", "etc/text", "usr", "usr/bin", "usr/bin/x", "usr/bin/y"]
    assert (found["usr/bin/x"].mode, found["etc/text"].mode) == (0o755, 0o644)
    assert found["usr"].isdir() and found["usr"].mode == 0o755
    assert found["usr/bin/y"].linkname == "x"
    assert {(member.uid, member.gid, member.mtime) for member in found.values()} == {(0, 0, 0)}


def test_an_archive_holds_shared_layers_once_and_names_everything_by_its_digest(
    tmp_path: Path, program: Path
) -> None:
    write_layer(tmp_path / "base.tar", {"base": b"base"})
    write_layer(tmp_path / "top.tar", {"program": program})
    base, top = digest_of_layer(tmp_path / "base.tar"), digest_of_layer(tmp_path / "top.tar")
    images = [
        Image("r.local/a:1", [base, top], entrypoint=["/program"], env={"A": "b"}, stop_signal="SIGRTMIN+3"),
        Image("r.local/b:1", [base]),
    ]
    write_archive(tmp_path / "archive.tar", images)
    with tarfile.open(tmp_path / "archive.tar") as archive:
        contents = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    manifest = json.loads(contents.pop("manifest.json"))
    assert [entry["RepoTags"] for entry in manifest] == [["r.local/a:1"], ["r.local/b:1"]]
    assert manifest[0]["Layers"] == [f"{base.digest}.tar", f"{top.digest}.tar"]
    for name, content in contents.items():
        assert hashlib.sha256(content).hexdigest() == name.rsplit(".", 1)[0]
    assert len(contents) == 4
    config = json.loads(contents[manifest[0]["Config"]])
    assert config["config"] == {"Env": ["A=b"], "Entrypoint": ["/program"], "StopSignal": "SIGRTMIN+3"}
    assert config["rootfs"]["diff_ids"] == [f"sha256:{base.digest}", f"sha256:{top.digest}"]
