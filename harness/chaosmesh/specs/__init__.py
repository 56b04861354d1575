"""What the specs of Chaos Mesh's objects may hold, as its API types declare it."""

from __future__ import annotations

from harness.chaosmesh.specs.check import check
from harness.chaosmesh.specs.ignored import ignored
from harness.chaosmesh.specs.shape import shape_of

__all__ = ["check", "ignored", "shape_of"]
