"""The names of the pinned images, for clusters whose nodes pull them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from harness.base import bundled
from harness.image_build.pins import Pins
from harness.image_build.registry import REGISTRY_VARIABLE, images_for


def image_names(chaos_mesh_version: str | None = None) -> Mapping[str, str]:
    """Return the images by role.

    Args:
        chaos_mesh_version: a release of Chaos Mesh, such as 2.8.4 (default: the pinned one).
    """
    pins = Pins.load(bundled.fixtures())
    chaos_mesh = (chaos_mesh_version or pins.registry.chaos_mesh).removeprefix("v")
    prefix = os.environ.get(REGISTRY_VARIABLE, "").rstrip("/")
    return {role: str(image) for role, image in images_for(pins, chaos_mesh, prefix).items()}
