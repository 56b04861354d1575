"""Derives shapes from custom resource definitions: shapes.json (ci/specs.py), and those of a cluster."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

_LIMITS = ("enum", "minimum", "maximum", "pattern", "nullable")


def derive(definitions: Iterable[dict[str, Any]], source: str) -> dict[str, Any]:
    """Return the document of shapes.json.

    A shape with fields that several places have is written once and named by the first of them.

    Args:
        definitions: of kind CustomResourceDefinition, with one version each.
        source: where they come from.
    """
    specs = {}
    for each in definitions:
        properties = each["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
        specs[each["spec"]["names"]["kind"]] = raw_shape(properties["spec"])
    shared: Counter[str] = Counter()
    for spec in specs.values():
        shared.update(_written(each) for each in _objects(spec))
    names: dict[str, str] = {}
    kinds = {kind: _named(specs[kind], kind, shared, names, {}) for kind in sorted(specs)}
    shapes: dict[str, Any] = {}
    for kind in sorted(specs):
        _named(specs[kind], kind, shared, names, shapes)
    return {"source": source, "kinds": kinds, "shapes": dict(sorted(shapes.items()))}


def text_of(document: dict[str, Any]) -> str:
    """Return the document as text: a line for each field, so that a change shows what changed."""
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def raw_shape(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the shape that a schema declares, as shapes.json has it but for what is shared there."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": "int-or-string"}
    if schema.get("x-kubernetes-preserve-unknown-fields") and not schema.get("properties"):
        return {"type": "any"}
    made: dict[str, Any] = {"type": schema.get("type", "any")}
    made |= {key: schema[key] for key in _LIMITS if key in schema}
    if schema.get("exclusiveMinimum"):
        made["over"] = made.pop("minimum")
    properties = schema.get("properties")
    if properties is not None:
        made["fields"] = {name: raw_shape(each) for name, each in properties.items()}
        # A default is put in before anything is missed.
        required = [name for name in schema.get("required", ()) if "default" not in properties[name]]
        if required:
            made["required"] = sorted(required)
    inner = schema.get("items") or schema.get("additionalProperties")
    if isinstance(inner, dict):
        made["of"] = raw_shape(inner)
    return made


def _objects(shape: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if "fields" in shape:
        yield shape
    for each in [*shape.get("fields", {}).values(), *([shape["of"]] if "of" in shape else [])]:
        yield from _objects(each)


def _written(shape: dict[str, Any]) -> str:
    return json.dumps(shape, sort_keys=True)


def _named(
    shape: dict[str, Any], at: str, shared: Counter[str], names: dict[str, str], shapes: dict[str, Any]
) -> dict[str, Any]:
    """Return a shape in which those that several places have are referred to, and collect these."""
    key = _written(shape)
    name = names.setdefault(key, at) if "fields" in shape and shared[key] > 1 else None
    if name is not None and name in shapes:
        return {"shape": name}
    made = dict(shape)
    if name is not None:
        shapes[name] = made
    if "fields" in shape:
        made["fields"] = {
            each: _named(inner, f"{at}.{each}", shared, names, shapes)
            for each, inner in shape["fields"].items()
        }
    if "of" in shape:
        made["of"] = _named(shape["of"], f"{at}[]", shared, names, shapes)
    return {"shape": name} if name is not None else made
