"""Checks a spec against the shape that Chaos Mesh declares for it.

The API server drops a field that it does not know, unless it is asked to be strict, and something else runs
than what is written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from harness.base.words import meant
from harness.chaosmesh.specs import formats
from harness.chaosmesh.specs.demands import demands
from harness.chaosmesh.specs.shape import Shape, shape_of
from harness.scenario.positions import DocumentPath, spelled
from harness.scenario.problem import Wrong

_TEMPLATE = "${"
_MOST_NAMED = 12
_ARTICLES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "int-or-string": "an integer or a string",
}


_PYTHON: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int,),
    "boolean": (bool,),
    "int-or-string": (int, str),
}


def check(
    kind: str, spec: Any, *, partial: bool = False, formats: bool = True, injected: bool = True
) -> Iterator[Wrong]:
    """Yield what is wrong with the spec of an object; of a kind that is not known, nothing.

    A text with a template in it may become anything.

    Args:
        kind: such as StressChaos.
        spec: as it is written, templates unresolved or resolved.
        partial: it is a merge patch: nothing is missing, and null takes a field away.
        formats: it has to be what Chaos Mesh's webhook accepts, beyond the types of its fields.
        injected: it is meant to be injected.
    """
    if shape := shape_of(kind):
        yield from _Check(kind, partial, formats).value(shape, spec, ())
        for at, message, better in demands(kind, spec, partial=partial, injected=injected) if formats else ():
            yield at, f"{_name(kind, at)} {message}", better


class _Check:
    def __init__(self, kind: str, partial: bool, formats_: bool) -> None:
        self._kind = kind
        self._partial = partial
        self._formats = formats_

    def value(self, shape: Shape, value: Any, at: DocumentPath) -> Iterator[Wrong]:
        if shape.type == "any" or (isinstance(value, str) and _TEMPLATE in value):
            return
        if value is None:
            if not (shape.nullable or (self._partial and at)):
                yield at, f"{self._name(at)} is null; leave it out, or write {_ARTICLES[shape.type]}", None
            return
        if not _is(shape.type, value):
            message = f"{self._name(at)} is {_ARTICLES[shape.type]}, not {_told(value)}"
            yield at, message, str(value) if shape.type == "string" and _is("number", value) else None
        elif isinstance(value, dict):
            yield from self._object(shape, value, at)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if shape.of is not None:
                    yield from self.value(shape.of, each, (*at, index))
        else:
            yield from self._scalar(shape, value, at)

    def _object(self, shape: Shape, value: dict[Any, Any], at: DocumentPath) -> Iterator[Wrong]:
        fields = shape.fields
        if fields is None:
            for key, each in value.items():
                if shape.of is not None:
                    yield from self.value(shape.of, each, (*at, str(key)))
            return
        for key, each in value.items():
            if key in fields:
                yield from self.value(fields[key], each, (*at, key))
                continue
            known = sorted(fields)
            more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED + 1 else ""
            named = ", ".join(known[:_MOST_NAMED] if more else known) + more
            message = f"{self._name(at)} has no field `{key}`; it has: {named}"
            yield (*at, str(key)), message, meant(str(key), fields)
        if self._formats and {"mode", "value"} <= fields.keys() and not _templated(value):
            wanted = formats.wanted_of_mode(value.get("mode"), value.get("value"))
            if wanted is not None:
                there = at if value.get("value") is None else (*at, "value")
                yield there, f"{self._name((*at, 'value'))} is {wanted}; not `{value.get('value', '')}`", None
        for key in sorted(shape.required - value.keys()) if not self._partial else ():
            yield at, f"{self._name(at)} lacks the field `{key}`, which is required", None

    def _scalar(self, shape: Shape, value: Any, at: DocumentPath) -> Iterator[Wrong]:
        name = self._name(at)
        if shape.enum and value not in shape.enum:
            listed = ", ".join(map(str, shape.enum))
            yield at, f"{name} is one of {listed}, not `{value}`", meant(str(value), map(str, shape.enum))
        if shape.minimum is not None and value < shape.minimum:
            yield at, f"{name} is at least {shape.minimum:g}, not {value}", None
        if shape.over is not None and value <= shape.over:
            yield at, f"{name} is greater than {shape.over:g}, not {value}", None
        if shape.maximum is not None and value > shape.maximum:
            yield at, f"{name} is at most {shape.maximum:g}, not {value}", None
        if shape.pattern is not None and not re.search(shape.pattern, value):
            yield at, f"{name} does not match {shape.pattern}: `{value}`", None
        elif self._formats and (wanted := formats.wanted(at, value)) is not None:
            yield at, f"{name} is {wanted}; not `{value}`", None

    def _name(self, at: DocumentPath) -> str:
        return _name(self._kind, at)


def _name(kind: str, at: DocumentPath) -> str:
    return f"`{spelled(('spec', *at))}` of {kind}"


def _templated(value: dict[Any, Any]) -> bool:
    return any(_TEMPLATE in str(value.get(key)) for key in ("mode", "value"))


def _is(type_: str, value: Any) -> bool:
    if isinstance(value, bool):
        # An int to Python.
        return type_ == "boolean"
    if isinstance(value, float) and type_ in ("integer", "number"):
        return math.isfinite(value) and (type_ == "number" or value.is_integer())
    return isinstance(value, _PYTHON[type_])


def _told(value: Any) -> str:
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'the string "{value}"'
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return f"`{value}`"
