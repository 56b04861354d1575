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


@cache
def _shapes() -> dict[str, Shape]:
    document = json.loads(SHAPES.read_text())
    named: dict[str, Shape] = {}

    def made(raw: dict[str, Any]) -> Shape:
        if "shape" in raw:
            name = raw["shape"]
            if name not in named:
                named[name] = made(document["shapes"][name])
            return named[name]
        return Shape(
            type=raw["type"],
            fields={name: made(each) for name, each in raw["fields"].items()} if "fields" in raw else None,
            required=frozenset(raw.get("required", ())),
            of=made(raw["of"]) if "of" in raw else None,
            enum=tuple(raw.get("enum", ())),
            minimum=raw.get("minimum"),
            maximum=raw.get("maximum"),
            over=raw.get("over"),
            pattern=raw.get("pattern"),
            nullable=raw.get("nullable", False),
        )

    return {kind: made(raw) for kind, raw in document["kinds"].items()}
