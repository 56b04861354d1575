"""Image archives as `docker save` and others write them, with little in them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.image_build.given import architecture

NAMES = tuple(
    f"ghcr.io/chaos-mesh/{name}:latest" for name in ("chaos-mesh", "chaos-daemon", "chaos-dashboard")
)


def tar_of(files: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """Return a tar of files, or of entries without a content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
            else:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def layer(name: str) -> bytes:
    """Return a layer of one file."""
    return tar_of({f"usr/local/bin/{name}": f"the program {name}".encode()})


def config(layers: Sequence[bytes], processor: str = "") -> bytes:
    """Return the configuration of an image."""
    diff_ids = [f"sha256:{hashlib.sha256(each).hexdigest()}" for each in layers]
    return json.dumps(
        {"architecture": processor or architecture(), "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    ).encode()


def of_docker(names: Sequence[str] = NAMES, *, processor: str = "") -> dict[str, bytes]:
    """Return the files of an archive with manifest.json: one image with one layer for each name."""
    files: dict[str, bytes] = {}
    manifest = []
    for name in names:
        content = layer(name)
        settings = config([content], processor)
        digest = hashlib.sha256(settings).hexdigest()
        files[f"{digest}.json"] = settings
        files[f"{digest}/layer.tar"] = content
        manifest.append({"Config": f"{digest}.json", "RepoTags": [name], "Layers": [f"{digest}/layer.tar"]})
    return {**files, "manifest.json": json.dumps(manifest).encode()}


def of_layout(names: Sequence[str] = NAMES) -> dict[str, bytes]:
    """Return the files of an archive that is an OCI layout."""
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    listed = []

    def blob(content: bytes) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        files[f"blobs/sha256/{digest}"] = content
        return {"digest": f"sha256:{digest}", "size": len(content)}

    for name in names:
        packed = gzip.compress(layer(name), mtime=0)
        manifest = {"config": blob(config([layer(name)])), "layers": [blob(packed)]}
        annotations = {"org.opencontainers.image.ref.name": name}
        listed.append({**blob(json.dumps(manifest).encode()), "annotations": annotations})
    return {**files, "index.json": json.dumps({"manifests": listed}).encode()}


def write(path: Path, files: Mapping[str, bytes | tarfile.TarInfo], *, packed: bool = False) -> Path:
    """Write an archive, whatever its name says."""
    content = tar_of(files)
    path.write_bytes(gzip.compress(content) if packed else content)
    return path
