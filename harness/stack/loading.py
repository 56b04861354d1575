"""Hands image archives to the container runtime of each node, whatever node image it is made of."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path

from harness.base.errors import InfrastructureError
from harness.base.files import FULL, replaced
from harness.stack.engine import Engine

_IMPORT_SECONDS = 600.0
_ASK_SECONDS = 30.0
_GZIP = b"\x1f\x8b"
_COPY_BYTES = 1 << 20


def load(
    archive: Path, nodes: Sequence[str], engine: Engine, *, logs: Path, cancel: threading.Event | None = None
) -> None:
    """Import an archive into every node's containerd, where the kubelet finds the images by their names.

    Args:
        archive: a tar, or one that gzip made; checked by whoever names it.
        nodes: the names of their containers.
        engine: which has them.
        logs: the folder for the output.
        cancel: ends the import once it is set.

    Raises:
        CommandError: a node does not take it.
        InfrastructureError: the archive cannot be read any more.
    """
    with tempfile.TemporaryDirectory(prefix="chaos-harness-images-") as scratch:
        plain = _plain(archive, Path(scratch))
        for node in nodes:
            engine.run(
                f"load {archive.name} into {node}",
                ["exec", "--interactive", node, "ctr", "--namespace=k8s.io", "images", "import", "-"],
                timeout=_IMPORT_SECONDS,
                stdin_file=plain,
                log=logs / "images.log",
                cancel=cancel,
                next_step=f"see {logs / 'images.log'}; check that the archive is for this processor",
            )


def without(image: str, nodes: Sequence[str], engine: Engine) -> list[str]:
    """Return the nodes whose containerd does not have an image, by its name with a tag.

    Raises:
        CommandError: a node does not answer.
    """
    ask = ["ctr", "--namespace=k8s.io", "images", "list", "--quiet", f"name=={image}"]
    return [
        node
        for node in nodes
        if image
        not in engine.run(
            f"ask {node} for {image}", ["exec", node, *ask], timeout=_ASK_SECONDS
        ).stdout.split()
    ]


def _plain(archive: Path, scratch: Path) -> Path:
    try:
        with archive.open("rb") as file:
            if file.read(2) != _GZIP:
                return archive
        out = scratch / "images.tar"
        with gzip.open(archive) as packed, replaced(out) as plain:
            shutil.copyfileobj(packed, plain, _COPY_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        raise InfrastructureError(
            f"cannot read {archive}: {error}", next_step="check that it is still there, then start again"
        ) from error
    return out
