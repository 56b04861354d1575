"""Says in plain sentences what pydantic found wrong in a scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.base.words import meant
from harness.scenario.model import Expectation, ScenarioDocument
from harness.scenario.positions import DocumentPath, Positions, spelled
from harness.scenario.problem import Problem

_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
}


def problems_of(error: ValidationError, data: Any, path: Path, positions: Positions) -> list[Problem]:
    """Return the problems that a failed validation of a scenario stands for.

    Args:
        error: what pydantic raised.
        data: the document that was validated.
        path: the file.
        positions: the places of the document's values.
    """
    found = []
    for details in _without_other_branches(error.errors(include_url=False), data):
        at = _in_document(details["loc"], data)
        message, suggestion = _sentence(details, at, positions)
        found.append(Problem.at(path, positions.at(at), message, suggestion))
    return found


def describe(value: Any) -> str:
    """Return what a value is, for the end of a sentence: "the number 5", "a list"."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            shown = value if len(value) <= 40 else f"{value[:37]}..."
            return f"the text `{shown}`"
        case list():
            return "a list"
    return "a mapping"


def known_keys(at: DocumentPath) -> list[str]:
    """Return the keys that the language has at a place of a scenario; none when it is open there."""
    keys = {key for model in _models_at(at) for key in _fields(model)}
    # One of a list may be written without the list.
    return sorted(keys or {key for model in _models_at((*at, 0)) for key in _fields(model)})


def _in_document(location: Iterable[int | str], data: Any) -> DocumentPath:
    """Return the part of pydantic's location that the document has.

    pydantic adds the names of union branches, and sees what validators made of a short form.
    """
    at: list[str | int] = []
    for part in location:
        inside = isinstance(data, dict) and part in data
        if inside or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            data = data[part]
            at.append(part)
    return tuple(at)


def _without_other_branches(errors: list[ErrorDetails], data: Any) -> Iterator[ErrorDetails]:
    """Leave out what pydantic says about the branches of a union that were not meant.

    The only unions are of text and a mapping: the value itself says which was meant.
    """
    for details in errors:
        branch = details["loc"][-1] if details["loc"] else None
        if branch == "str" and isinstance(details["input"], dict):
            continue
        if details["type"] == "model_type" and branch not in (None, *_in_document(details["loc"], data)):
            continue
        yield details


def _sentence(  # noqa: PLR0911  (one for each type of error)
    details: ErrorDetails, at: DocumentPath, positions: Positions
) -> tuple[str, str | None]:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    name = f"`{spelled(at)}`"
    if kind == "extra_forbidden":
        return _unknown_key(at)
    if kind == "missing":
        return f"`{details['loc'][-1]}` is missing{_within(at)}", None
    if kind == "value_error":
        return _own_words(str(context["error"]), value, at)
    if kind == "string_pattern_mismatch":
        return (
            f"`{value}` is no valid name: small letters, digits and dashes, a letter or digit at both ends",
            _valid_name(str(value)),
        )
    if kind in ("string_too_long", "string_too_short"):
        limit = context.get("max_length", context.get("min_length"))
        return f"{name} must have {'at most' if 'long' in kind else 'at least'} {limit} characters", None
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{name} must be {words} {context[key]:g}, not {value}", None
    if kind == "too_short":
        least = context["min_length"]
        return f"{name} must have at least {least} {'entry' if least == 1 else 'entries'}", None
    if kind == "too_long":
        return f"{name} must have at most {context['max_length']} entries", None
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "")
        words_known = expected.replace(" or ", ", ").split(", ")
        return f"{name} must be {expected}, not {describe(value)}", meant(str(value), words_known)
    if kind in _WANTED:
        wanted = _WANTED[kind]
        if wanted == "text" and isinstance(value, bool | int | float):
            written = positions.at(at).source or str(value)
            return f"{name} must be text, not {describe(value)}; put it in quotes", f'"{written}"'
        return f"{name or 'the file'} must be {wanted}, not {describe(value)}", None
    return f"{name} is not valid: {details['msg'][:1].lower()}{details['msg'][1:]}", None


def _unknown_key(at: DocumentPath) -> tuple[str, str | None]:
    known = known_keys(at[:-1])
    suggestion = meant(str(at[-1]), known)
    listed = "" if suggestion else f"; it takes: {', '.join(known)}"
    return f"unknown key `{at[-1]}`{_within(at[:-1]) or ' at the top level'}{listed}", suggestion


def _own_words(message: str, value: Any, at: DocumentPath) -> tuple[str, str | None]:
    """Return a message of the models' own validators, with a suggestion for a misspelt key."""
    suggestion = None
    if isinstance(value, dict) and Expectation in _models_at(at):
        known = known_keys(at)
        strange = [key for key in value if key not in known]
        suggestion = next((word for key in strange if len(strange) > 1 and (word := meant(key, known))), None)
    return f"{message}{_within(at)}", suggestion


def _within(at: DocumentPath) -> str:
    return f" in {spelled(at)}" if at else ""


def _valid_name(text: str) -> str | None:
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower()).strip("-")
    return name if name and name != text else None


def _fields(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_at(at: DocumentPath) -> list[type[BaseModel]]:
    annotations: list[Any] = [ScenarioDocument]
    for part in at:
        annotations = [inner for annotation in annotations for inner in _entered(annotation, part)]
    return [
        annotation
        for annotation in annotations
        if isinstance(annotation, type) and issubclass(annotation, BaseModel)
    ]


def _entered(annotation: Any, part: str | int) -> list[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is list:
        # A list of one may be written without the list.
        return _branches(arguments[0]) if isinstance(part, int) else _entered(arguments[0], part)
    if origin is dict:
        return _branches(arguments[1])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if part == (field.alias or name):
                return _branches(field.annotation)
    return []


def _branches(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _branches(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [
            inner for branch in get_args(annotation) if branch is not NoneType for inner in _branches(branch)
        ]
    return [annotation]
