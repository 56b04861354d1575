"""Releases of Chaos Mesh, in order. What is no release, such as a build from source, is the newest."""

from __future__ import annotations

import re

_RELEASE = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?$")


def before(release: str, other: str) -> bool:
    """Say whether a release is older than another one; `v2.0` is older than none of its patches."""
    found, bound = _numbers(release), _numbers(other)
    return found is not None and bound is not None and found[: len(bound)] < bound[: len(found)]


def part_of(release: str, other: str) -> bool:
    """Say whether a release is another one, or a patch of it: v2.0.3 is of v2.0."""
    found, bound = _numbers(release), _numbers(other)
    return found is not None and bound is not None and found[: len(bound)] == bound


def _numbers(release: str) -> tuple[int, ...] | None:
    match = _RELEASE.match(release)
    return tuple(int(part) for part in match.groups() if part is not None) if match else None
