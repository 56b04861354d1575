"""Image archives that somebody else made, as `docker save` writes them: checked before they are used.

Nothing is unpacked to a file here. An archive may be hostile: its size, its number of entries and what is
kept of it in memory are bounded, and a name that leads out of it is refused.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import platform
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from harness.base.bounded import KIB, MIB, DamagedFileError, FileError, opened, size_text

_MOST_BYTES = 16 * 1024 * MIB
_MOST_ENTRIES = 20_000
_MOST_NAME_BYTES = 64 * KIB
_MOST_DOCUMENT_BYTES = 4 * MIB
_MOST_DOCUMENTS_BYTES = 64 * MIB
_CHUNK_BYTES = MIB
_MOST_PADDING_BYTES = 16 * MIB
_GZIP = b"\x1f\x8b"
_OTHER_COMPRESSIONS = {b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zX": "xz", b"BZh": "bzip2"}
_BLOBS = "blobs/sha256/"
# What containerd and podman call an image in an OCI layout.
_NAME_ANNOTATIONS = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_EXTENDED = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)


def architecture() -> str:
    """Return this machine's processor as images name it."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


@dataclass(frozen=True)
class GivenImage:
    """An image in an archive.

    Attributes:
        name: as it is tagged, `registry/repository:tag`.
        id: the SHA-256 of its configuration, with `sha256:` before it.
    """

    name: str
    id: str


@dataclass
class _Entries:
    """What was seen in an archive: SHA-256 and first bytes of each file, links, and small JSON documents."""

    digests: dict[str, str] = field(default_factory=dict)
    starts: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)

    def resolve(self, name: str) -> str | None:
        """Return the file behind a name, one link followed, as older versions of docker write for a layer."""
        name = posixpath.normpath(name)
        name = self.links.get(name, name)
        return name if name in self.digests else None


def read_images(path: Path) -> list[GivenImage]:
    """Return the images of an archive: of `docker save`, `podman save`, or an OCI layout; .tar or gzip.

    What it is decides its content, not its name: `docker save > images.tgz` compresses nothing.

    Raises:
        FileError: it is no such archive, cut off, changed, hostile, or made for another processor.
    """
    entries = _entries(path)
    try:
        if "manifest.json" in entries.documents:
            images = _of_docker(path, entries)
        elif "index.json" in entries.documents:
            images = _of_layout(path, entries)
        else:
            raise DamagedFileError(
                path, "has neither manifest.json nor index.json: it is no archive of images, or was cut off"
            )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DamagedFileError(path, "has a description of its images that cannot be read") from error
    return images


@contextmanager
def plain_tar(path: Path) -> Iterator[IO[bytes]]:
    """Open an archive to read its tar, decompressed if need be.

    Raises:
        FileError: it cannot be read, is compressed otherwise than by gzip, or ends early.
    """
    with opened(path, most=_MOST_BYTES) as file:
        start = file.read(6)
        file.seek(0)
        for magic, name in _OTHER_COMPRESSIONS.items():
            if start.startswith(magic):
                raise FileError(
                    path, f"is compressed with {name}", f"decompress it first, or use gzip: {name} -d"
                )
        try:
            if start.startswith(_GZIP):
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield unpacked  # type: ignore[misc]
                    _to_the_end(path, unpacked)  # type: ignore[arg-type]
            else:
                yield file
        except tarfile.TarError as error:
            ends = "unexpected end of data" in str(error)
            reason = "ends too early" if ends else f"is no tar archive, or is damaged: {error}"
            raise DamagedFileError(path, reason) from error
        except EOFError as error:
            raise DamagedFileError(path, "ends too early") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DamagedFileError(path, f"cannot be decompressed: {error}") from error


def _to_the_end(path: Path, unpacked: IO[bytes]) -> None:
    """Read what is after a tar, which is only filled up: gzip checks its sum at its end."""
    if len(unpacked.read(_MOST_PADDING_BYTES)) == _MOST_PADDING_BYTES:
        raise DamagedFileError(path, "has data after its end")


class _BoundedEntry(tarfile.TarInfo):
    """Refuses names of any length, which tarfile would read into memory whole."""

    def _proc_member(self, tar: tarfile.TarFile) -> Any:
        if self.type in _EXTENDED and self.size > _MOST_NAME_BYTES:
            raise tarfile.ReadError(f"a name of more than {size_text(_MOST_NAME_BYTES)}")
        return super()._proc_member(tar)  # type: ignore[misc]


def members(path: Path, tar: IO[bytes]) -> Iterator[tuple[str, tarfile.TarInfo, IO[bytes] | None]]:
    """Yield name, entry and content of each entry of a tar that `plain_tar` opened; names are checked.

    Raises:
        FileError: it has too much in it, or an entry leads out of it.
    """
    size = 0
    try:
        with tarfile.open(fileobj=tar, mode="r|", tarinfo=_BoundedEntry) as archive:
            for number, entry in enumerate(archive):
                if number >= _MOST_ENTRIES:
                    raise FileError(path, f"has more than {_MOST_ENTRIES} entries")
                size += entry.size
                if size > _MOST_BYTES:
                    raise FileError(path, f"has more than {size_text(_MOST_BYTES)} in it")
                name = _inside(path, entry.name, "")
                if not (entry.isfile() or entry.isdir() or entry.issym() or entry.islnk()):
                    raise FileError(path, f"has a device in it: {entry.name}")
                yield name, entry, archive.extractfile(entry) if entry.isfile() else None
    except (ValueError, OverflowError) as error:
        raise DamagedFileError(path, f"is damaged: {error}") from error


def _entries(path: Path) -> _Entries:
    found = _Entries()
    kept = 0
    with plain_tar(path) as tar:
        for name, entry, content in members(path, tar):
            if entry.issym() or entry.islnk():
                folder = posixpath.dirname(name) if entry.issym() else ""
                found.links[name] = _inside(path, entry.linkname, folder)
            if content is None:
                continue
            digest = hashlib.sha256()
            first = content.read(min(_CHUNK_BYTES, entry.size))
            piece, pieces = first, [first]
            may_be_json = entry.size <= _MOST_DOCUMENT_BYTES and first.lstrip()[:1] in (b"{", b"[")
            while piece:
                digest.update(piece)
                piece = content.read(_CHUNK_BYTES)
                if may_be_json:
                    pieces.append(piece)
            found.digests[name] = digest.hexdigest()
            found.starts[name] = first[:2]
            if may_be_json:
                kept += entry.size
                if kept > _MOST_DOCUMENTS_BYTES:
                    raise FileError(path, f"has more than {size_text(_MOST_DOCUMENTS_BYTES)} of JSON in it")
                found.documents[name] = b"".join(pieces)
    return found


def _inside(path: Path, name: str, folder: str) -> str:
    """Return a name within the archive, normalized.

    Raises:
        FileError: it leads out of it.
    """
    normal = posixpath.normpath(posixpath.join(folder, name))
    if normal.startswith(("/", "../")) or normal == ".." or "\0" in name:
        raise FileError(path, f"has an entry that leads out of it: {name}")
    return normal


def _of_docker(path: Path, entries: _Entries) -> list[GivenImage]:
    images = []
    for each in json.loads(entries.documents["manifest.json"]):
        config = entries.resolve(each["Config"])
        if config is None or config not in entries.documents:
            raise DamagedFileError(path, f"lacks {each['Config']}, the configuration of an image")
        names = [str(name) for name in each.get("RepoTags") or []]
        _check_config(path, entries, config, list(each["Layers"]), ", ".join(names) or config)
        images += [GivenImage(name, f"sha256:{entries.digests[config]}") for name in names]
    return images


def _of_layout(path: Path, entries: _Entries) -> list[GivenImage]:
    images = []
    for described in json.loads(entries.documents["index.json"])["manifests"]:
        annotations = described.get("annotations") or {}
        names = [str(annotations[key]) for key in _NAME_ANNOTATIONS if key in annotations]
        manifest = _ours(path, entries, described)
        config = _blob(path, entries, manifest["config"])
        layers = [_BLOBS + str(layer["digest"]).removeprefix("sha256:") for layer in manifest["layers"]]
        name = names[0] if names else "(without a name)"
        _check_config(path, entries, config, layers, name)
        images.append(GivenImage(name, f"sha256:{entries.digests[config]}"))
    return images


def _ours(path: Path, entries: _Entries, described: dict[str, Any], level: int = 0) -> dict[str, Any]:
    """Return a manifest; of an index over several processors, that of this machine's."""
    document = json.loads(entries.documents[_blob(path, entries, described)])
    if "manifests" not in document:
        return dict(document)
    for each in document["manifests"]:
        if level < 2 and (each.get("platform") or {}).get("architecture") == architecture():
            return _ours(path, entries, each, level + 1)
    raise FileError(path, f"has no image for {architecture()}")


def _blob(path: Path, entries: _Entries, described: dict[str, Any]) -> str:
    name = _BLOBS + str(described["digest"]).removeprefix("sha256:")
    if name not in entries.documents:
        raise DamagedFileError(path, f"lacks {name}")
    return name


def _check_config(path: Path, entries: _Entries, config: str, layers: list[str], name: str) -> None:
    """Check that an image is whole.

    Raises:
        FileError: a layer is missing or changed, or it is for another processor.
    """
    _check_digest(path, entries, config)
    settings = json.loads(entries.documents[config])
    wanted = [str(each).removeprefix("sha256:") for each in settings["rootfs"]["diff_ids"]]
    if len(wanted) != len(layers):
        raise DamagedFileError(path, f"has {len(layers)} of {len(wanted)} layers of {name}")
    for layer, expected in zip(layers, wanted, strict=True):
        found = entries.resolve(layer)
        if found is None:
            raise DamagedFileError(path, f"lacks a layer of {name}: {layer}")
        _check_digest(path, entries, found)
        if entries.starts[found] != _GZIP and entries.digests[found] != expected:
            raise DamagedFileError(path, f"has a damaged layer of {name}: {layer}")
    if (built_for := settings.get("architecture")) not in (None, "", architecture()):
        raise FileError(path, f"has {name} for {built_for}, and the nodes are {architecture()}")


def _check_digest(path: Path, entries: _Entries, name: str) -> None:
    if name.startswith(_BLOBS) and entries.digests[name] != name.removeprefix(_BLOBS):
        raise DamagedFileError(path, f"has a damaged entry: {name}")
