"""Writes container images without an engine: layers, and archives that engines and containerd load."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_COPY_BYTES = 1 << 22
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class ImageLayer:
    """An uncompressed tar of files, and its SHA-256."""

    path: Path
    digest: str


@dataclass(frozen=True)
class Image:
    """An image to write.

    Attributes:
        name: `registry/repository:tag`.
        layers: from the lowest to the highest.
        entrypoint: what a container of it runs.
        env: variables of a container of it.
        stop_signal: the signal that asks its first process to end.
    """

    name: str
    layers: Sequence[ImageLayer]
    entrypoint: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = ""

    def config(self) -> bytes:
        """Return the image's configuration; its SHA-256 is the image's id."""
        settings: dict[str, object] = {
            "Env": [f"{name}={value}" for name, value in self.env.items()],
            "Entrypoint": list(self.entrypoint),
        }
        if self.stop_signal:
            settings["StopSignal"] = self.stop_signal
        return json.dumps(
            {
                "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
                "os": "linux",
                "created": "1970-01-01T00:00:00Z",
                "config": settings,
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in self.layers]},
                "history": [{"created_by": "chaos-harness"} for _ in self.layers],
            },
            sort_keys=True,
        ).encode()


def write_archive(out: Path, images: Sequence[Image]) -> None:
    """Write images to one archive in the format of `docker save`; a shared layer is in it once."""
    manifest = []
    written: set[str] = set()
    with _writing(out) as archive:
        for image in images:
            config = image.config()
            config_name = f"{hashlib.sha256(config).hexdigest()}.json"
            if config_name not in written:
                _add_bytes(archive, config_name, config)
                written.add(config_name)
            for layer in image.layers:
                name = f"{layer.digest}.tar"
                if name not in written:
                    archive.add(layer.path, name, recursive=False, filter=_plain)
                    written.add(name)
            layers = [f"{layer.digest}.tar" for layer in image.layers]
            manifest.append({"Config": config_name, "RepoTags": [image.name], "Layers": layers})
        _add_bytes(archive, "manifest.json", json.dumps(manifest).encode())


def write_layer(out: Path, files: Mapping[str, Path | bytes], links: Mapping[str, str] | None = None) -> None:
    """Write a layer that is the same for the same files, whenever and by whomever it is written.

    Args:
        out: the tar to write.
        files: path inside the image (no leading slash) to a file, whose executable bit is kept,
            or to a content.
        links: path inside the image to what a symbolic link there says.
    """
    links = links or {}
    with _writing(out) as layer:
        folders: set[str] = set()
        for name in sorted([*files, *links]):
            for parent in reversed(Path(name).parents[:-1]):
                if str(parent) not in folders:
                    folders.add(str(parent))
                    entry = tarfile.TarInfo(str(parent))
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    layer.addfile(entry)
            entry = tarfile.TarInfo(name)
            if name in links:
                entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, links[name], 0o777
                layer.addfile(entry)
                continue
            content = files[name]
            if isinstance(content, bytes):
                _add_bytes(layer, name, content)
                continue
            entry.size = content.stat().st_size
            entry.mode = 0o755 if content.stat().st_mode & 0o100 else 0o644
            with content.open("rb") as source:
                layer.addfile(entry, source)


def digest_of_layer(path: Path) -> ImageLayer:
    """Return a layer that was just written, with its digest."""
    with path.open("rb") as file:
        return ImageLayer(path, hashlib.file_digest(file, "sha256").hexdigest())


def _writing(out: Path) -> tarfile.TarFile:
    archive = tarfile.TarFile(out, "w", format=tarfile.PAX_FORMAT)
    # Layers are hundreds of megabytes; tarfile copies 16 KiB at a time.
    archive.copybufsize = _COPY_BYTES  # type: ignore[attr-defined]
    return archive


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime, entry.mode = 0, 0o644
    return entry
