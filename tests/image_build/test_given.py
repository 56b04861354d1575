"""Archives of images that somebody else made: what is in them, and what is refused."""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.base.bounded import DamagedFileError, FileError, MissingFileError
from harness.image_build.given import GivenImage, read_images
from tests.fakes.image_archives import NAMES, of_docker, of_layout, tar_of, write


@pytest.mark.parametrize("files", [of_docker(), of_layout()], ids=["docker", "layout"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["images.tar", "images.tgz"])
def test_the_images_of_an_archive_are_told_by_its_content(
    tmp_path: Path, files: dict[str, bytes], packed: bool, name: str
) -> None:
    """`docker image save ... > chaos-mesh.tgz`, as Chaos Mesh's own workflow does it, compresses nothing."""
    images = read_images(write(tmp_path / name, files, packed=packed))
    assert [image.name for image in images] == list(NAMES)
    assert len({image.id for image in images}) == 3
    assert all(image.id.startswith("sha256:") and len(image.id) == 71 for image in images)


def test_an_image_has_the_id_of_its_configuration_in_either_format(tmp_path: Path) -> None:
    docker = read_images(write(tmp_path / "a.tar", of_docker()))
    layout = read_images(write(tmp_path / "b.tar", of_layout()))
    assert docker == layout


def test_a_layer_may_be_a_link_to_that_of_another_image(tmp_path: Path) -> None:
    files: dict[str, bytes | tarfile.TarInfo] = {**of_docker(NAMES[:1])}
    layer = next(name for name in files if name.endswith("layer.tar"))
    link = tarfile.TarInfo("other/layer.tar")
    link.type, link.linkname = tarfile.SYMTYPE, f"../{layer}"
    manifest = json.loads(files.pop("manifest.json"))  # type: ignore[arg-type]
    manifest[0]["Layers"] = ["other/layer.tar"]
    files |= {"other": link, "manifest.json": json.dumps(manifest).encode()}
    assert [image.name for image in read_images(write(tmp_path / "a.tar", files))] == [NAMES[0]]


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_that_was_cut_off_is_refused_wherever(tmp_path: Path, packed: bool) -> None:
    whole = write(tmp_path / "whole.tar", of_docker(), packed=packed).read_bytes()
    end = len(whole) if packed else whole.rindex(b"manifest.json")
    for size in (0, 1, 100, 512, end // 3, end // 2, end - 1):
        path = tmp_path / "cut.tar"
        path.write_bytes(whole[:size])
        with pytest.raises(FileError):
            read_images(path)


@pytest.mark.parametrize("files", [of_docker(), of_layout()], ids=["docker", "layout"])
def test_a_changed_layer_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    layers = [
        name for name, content in files.items() if content[:2] == b"\x1f\x8b" or b"the program" in content
    ]
    assert layers
    for name in layers:
        content = bytearray(files[name])
        content[len(content) // 2] ^= 1
        with pytest.raises(DamagedFileError, match="damaged"):
            read_images(write(tmp_path / "a.tar", {**files, name: bytes(content)}))


@pytest.mark.parametrize("files", [of_docker(), of_layout()], ids=["docker", "layout"])
def test_what_lacks_a_part_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    for name in set(files) - {"oci-layout"}:
        rest = {other: content for other, content in files.items() if other != name}
        with pytest.raises(DamagedFileError, match=r"lacks|neither"):
            read_images(write(tmp_path / "a.tar", rest))


def test_images_for_another_processor_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"for s390x, and the nodes are"):
        read_images(write(tmp_path / "a.tar", of_docker(processor="s390x")))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither manifest.json|is no tar|ends too early"),
        (b"not a tar at all" * 100, "is no tar archive"),
        (b"\x28\xb5\x2f\xfd" + bytes(600), "is compressed with zstd"),
        (b"\xfd7zXZ\x00" + bytes(600), "is compressed with xz"),
        (b"\x1f\x8b" + bytes(600), "cannot be decompressed"),
        (tar_of({"manifest.json": b"["}), "has a description of its images that cannot be read"),
        (tar_of({"manifest.json": b"[1]"}), "has a description of its images that cannot be read"),
        (tar_of({"manifest.json": b'{"a": 1}'}), "has a description of its images that cannot be read"),
        (tar_of({"index.json": b"[" * 100_000}), "has a description of its images that cannot be read"),
        (tar_of({"something": b"else"}), "has neither manifest.json nor index.json"),
    ],
)
def test_what_is_no_archive_of_images_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    with pytest.raises(FileError, match=reason):
        read_images(path)


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        (entry("../../etc/passwd"), "leads out of it"),
        (entry("/etc/passwd"), "leads out of it"),
        (entry("a/../../b"), "leads out of it"),
        (entry("a", tarfile.SYMTYPE, "/etc/passwd"), "leads out of it"),
        (entry("a", tarfile.SYMTYPE, "../x"), "leads out of it"),
        (entry("a", tarfile.LNKTYPE, "../x"), "leads out of it"),
        (entry("a", tarfile.CHRTYPE), "a device"),
        (entry("a", tarfile.FIFOTYPE), "a device"),
    ],
)
def test_hostile_entries_are_refused(tmp_path: Path, hostile: tarfile.TarInfo, reason: str) -> None:
    with pytest.raises(FileError, match=reason):
        read_images(write(tmp_path / "a.tar", {"x": hostile, **of_docker()}))


def test_a_name_of_any_length_is_not_read(tmp_path: Path) -> None:
    huge = tarfile.TarInfo("././@LongLink")
    huge.type, huge.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    path = tmp_path / "a.tar"
    path.write_bytes(huge.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    with pytest.raises(DamagedFileError, match=r"a name of more than 64 KiB"):
        read_images(path)


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.image_build.given._MOST_ENTRIES", 3)
    with pytest.raises(FileError, match="has more than 3 entries"):
        read_images(write(tmp_path / "a.tar", of_docker()))


def test_a_bomb_is_refused_by_the_sizes_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.image_build.given._MOST_BYTES", 1 << 20)
    bomb = gzip.compress(tar_of({"zeros": bytes(4 << 20)}))
    path = tmp_path / "a.tgz"
    path.write_bytes(bomb)
    with pytest.raises(FileError, match="has more than 1 MiB in it"):
        read_images(path)


def test_much_json_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.image_build.given._MOST_DOCUMENTS_BYTES", 100)
    with pytest.raises(FileError, match="has more than 100 bytes of JSON in it"):
        read_images(write(tmp_path / "a.tar", of_docker()))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_images(tmp_path / "none.tar")
    with pytest.raises(FileError, match="is a folder"):
        read_images(tmp_path)
    with pytest.raises(FileError, match="is a device"):
        read_images(Path("/dev/zero"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_change_of_a_byte_ends_otherwise_than_in_images_or_an_error_of_ours(
    tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(tar_of(data.draw(st.sampled_from([of_docker(), of_layout()]))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.tar"
    path.write_bytes(bytes(content))
    try:
        images = read_images(path)
    except FileError:
        return
    known = {image.id for files in (of_docker(), of_layout()) for image in _read(tmp_path, files)}
    assert {image.id for image in images} <= known


def _read(folder: Path, files: dict[str, bytes]) -> list[GivenImage]:
    return read_images(write(folder / "whole.tar", files))
