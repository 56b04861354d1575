"""The names of all that a stack is pulled from: for mirrors, and for clusters whose nodes pull them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.base import bundled
from harness.image_build.pins import Pins
from harness.image_build.registry import (
    CHART,
    chart_repository,
    images_for,
    kubernetes_of,
    node_image,
    release_of,
)
from harness.stack.mirror import from_environment
from harness.stack.pulling import NODE


@dataclass(frozen=True)
class PublishedImage:
    """An image that `--images registry` pulls.

    Attributes:
        role: what it is for.
        public: its name where it is published.
        used: its name in the mirror; the same one without a mirror.
    """

    role: str
    public: str
    used: str


def image_names(chaos_mesh_version: str | None = None) -> Mapping[str, str]:
    """Return the images by role, but for that of nodes.

    Args:
        chaos_mesh_version: a release of Chaos Mesh, such as 2.8.4 (default: the pinned one).

    Raises:
        UsageError: it is none, or the environment names no registry.
    """
    listed = published(chaos_mesh_version)
    return {image.role: image.used for image in listed if image.role != NODE}


def published(
    chaos_mesh_version: str | None = None, kubernetes_version: str | None = None
) -> list[PublishedImage]:
    """Return all images.

    Args:
        chaos_mesh_version: a release of Chaos Mesh, such as 2.8.4 (default: the pinned one).
        kubernetes_version: of kind's node image, such as 1.34.0 (default: that of the pinned kind).

    Raises:
        UsageError: a version is none, or the environment names no registry.
    """
    pins = Pins.load(bundled.fixtures())
    chaos_mesh = release_of(chaos_mesh_version or pins.registry.chaos_mesh)
    kubernetes = kubernetes_of(kubernetes_version or pins.registry.kubernetes)
    mirror = from_environment()
    public, used = (
        {NODE: node_image(pins, kubernetes, of), **images_for(pins, chaos_mesh, of)} for of in (None, mirror)
    )
    return [PublishedImage(role, str(image), str(used[role])) for role, image in public.items()]


def chart_name(chaos_mesh_version: str | None = None) -> tuple[str, str]:
    """Return where the chart is pulled from, and its version.

    Raises:
        UsageError: the version is none, or the environment names no repository.
    """
    pins = Pins.load(bundled.fixtures())
    repository = chart_repository(pins, from_environment())
    return f"{repository}/{CHART}", release_of(chaos_mesh_version or pins.registry.chaos_mesh)
