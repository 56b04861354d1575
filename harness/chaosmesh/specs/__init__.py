"""What the specs of Chaos Mesh's objects may hold, as its API types declare it."""

from __future__ import annotations

from harness.chaosmesh.specs.check import check
from harness.chaosmesh.specs.ignored import ignored
from harness.chaosmesh.specs.shape import Shape, shape_of, shape_of_definition
from harness.chaosmesh.specs.since import newer_fields

__all__ = ["Shape", "check", "ignored", "newer_fields", "shape_of", "shape_of_definition"]
