"""What the specs of Chaos Mesh's objects may hold, as its API types declare it."""

from __future__ import annotations

from harness.chaosmesh.specs.check import check
from harness.chaosmesh.specs.ignored import ignored
from harness.chaosmesh.specs.shape import Shape, shape_of, shape_of_definition

__all__ = ["Shape", "check", "ignored", "shape_of", "shape_of_definition"]
