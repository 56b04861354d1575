"""Programs, images and chart for the stack: from a registry by version, or built from source."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from harness.base.progress import Progress
from harness.stack.engine import Engine
from harness.stack.images import source
from harness.stack.imageset import ImageSet


def prepare(
    mode: Literal["registry", "source", "auto"],
    *,
    engine: Engine,
    progress: Progress,
    logs: Path,
    chaos_mesh_source: Path | None = None,
    chaos_mesh_version: str | None = None,
) -> ImageSet:
    return source.prepare(engine=engine, progress=progress, logs=logs, chaos_mesh_source=chaos_mesh_source)
