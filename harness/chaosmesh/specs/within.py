"""The specs within a spec: of the experiments that a Schedule or a Workflow makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.kubernetes.kinds import EXPERIMENT_KINDS, MAKERS
from harness.scenario.positions import DocumentPath

_KINDS = {kind.lower(): kind for kind in (*EXPERIMENT_KINDS, *MAKERS)}

TEMPLATE = "template"
"""In place of a kind: a step of a Workflow, which may hold a chaos or a Schedule."""


def specs_within(
    kind: str, spec: Any, at: DocumentPath = ()
) -> Iterator[tuple[DocumentPath, str, dict[str, Any]]]:
    """Yield the place, the kind and the spec of an object, and of all that it would make."""
    if not isinstance(spec, dict):
        return
    yield at, kind, spec
    if kind == "Workflow":
        templates = spec.get("templates")
        for index, each in enumerate(templates if isinstance(templates, list) else ()):
            yield from specs_within(TEMPLATE, each, (*at, "templates", index))
    elif kind in ("Schedule", TEMPLATE):
        for key, value in spec.items():
            if inner := kind_of_field(key):
                yield from specs_within(inner, value, (*at, key))


def kind_of_field(key: Any) -> str | None:
    """Return the kind whose spec a field of a Schedule or a template holds: `ioChaos` an IOChaos'."""
    # The field `schedule` of a Schedule is a text, and no spec.
    return _KINDS.get(str(key).lower())


def field_of_kind(kind: str) -> str:
    """Return the field of a Schedule or a template that holds the spec of a kind."""
    return "workflow" if kind == "Workflow" else f"{kind.removesuffix('Chaos').lower()}Chaos"


def is_open(value: Any) -> bool:
    """Say whether a template may make anything of a text."""
    return isinstance(value, str) and "${" in value
