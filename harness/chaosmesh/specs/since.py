"""Fields of specs that not all releases have: those of v2.7.3 and v2.8.4 were compared, CRD by CRD."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.chaosmesh.release import Release


class _Field(NamedTuple):
    kind: str
    name: str
    since: str


_FIELDS = (
    # Its JSON name was `value`, that of another field (api/v1alpha1/jvmchaos_types.go:87, pull request 4525).
    _Field("JVMChaos", "returnValue", "v2.8.0"),
)


def newer_fields(kind: str, spec: Mapping[str, Any], release: Release) -> list[str]:
    """Return the fields that a spec has and a release does not, each with the first that does.

    Args:
        kind: of the object; a Schedule or a Workflow has specs of other kinds in it.
        spec: as it is written.
        release: of Chaos Mesh.
    """
    return [
        f"{field.kind}: spec.{field.name} since {field.since}"
        for found, values in _specs(kind, spec)
        for field in _FIELDS
        if field.kind.lower() == found.lower() and field.name in values and release.older_than(field.since)
    ]


def _specs(kind: str, spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield kind, spec
    for name, value in spec.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping):
                yield from _specs(name, each)
