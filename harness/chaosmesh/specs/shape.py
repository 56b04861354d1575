"""The shapes of specs: names, types and limits of fields, from Chaos Mesh's API types.

`shapes.json` is derived (derive.py) from the custom resource definitions of the pinned Chaos Mesh; ci/test
compares it with those of the cluster (ci/specs.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.chaosmesh.specs.derive import raw_shape

SHAPES = Path(__file__).with_name("shapes.json")


@dataclass(frozen=True)
class Shape:
    """What a value may be.

    Attributes:
        type: object, array, string, integer, number, boolean, int-or-string, or any.
        fields: of an object with fixed keys, by name; None where the keys are free.
        required: those fields that cannot be left out.
        of: the shape of the items of an array, or of the values of an object with free keys.
        enum: the only values; none when it is open.
        minimum: the least number.
        maximum: the greatest number.
        over: a number that it has to be greater than.
        pattern: what a string has to match somewhere, as a regular expression.
        nullable: null stands for something.
    """

    type: str
    fields: Mapping[str, Shape] | None = None
    required: frozenset[str] = frozenset()
    of: Shape | None = None
    enum: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    over: float | None = None
    pattern: str | None = None
    nullable: bool = False


def shape_of(kind: str) -> Shape | None:
    """Return the shape of the spec of a kind; None when Chaos Mesh does not define the kind."""
    return _shapes().get(kind)


def shape_of_definition(definition: Mapping[str, Any]) -> Shape | None:
    """Return the shape of the spec that a CustomResourceDefinition declares; None when it declares none."""
    schema = definition["spec"]["versions"][0].get("schema", {}).get("openAPIV3Schema", {})
    spec = schema.get("properties", {}).get("spec")
    return _made(raw_shape(spec), {}, {}) if spec else None


@cache
def _shapes() -> dict[str, Shape]:
    document = json.loads(SHAPES.read_text())
    named: dict[str, Shape] = {}
    return {kind: _made(raw, document["shapes"], named) for kind, raw in document["kinds"].items()}


def _made(raw: Mapping[str, Any], shared: Mapping[str, Any], named: dict[str, Shape]) -> Shape:
    if "shape" in raw:
        name = raw["shape"]
        if name not in named:
            named[name] = _made(shared[name], shared, named)
        return named[name]
    fields = raw.get("fields")
    return Shape(
        type=raw["type"],
        fields=None
        if fields is None
        else {name: _made(each, shared, named) for name, each in fields.items()},
        required=frozenset(raw.get("required", ())),
        of=_made(raw["of"], shared, named) if "of" in raw else None,
        enum=tuple(raw.get("enum", ())),
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        over=raw.get("over"),
        pattern=raw.get("pattern"),
        nullable=raw.get("nullable", False),
    )
