"""The reference of the language: what each model of it says about itself in its docstring, and its bounds."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from harness.actions.registry import actions
from harness.docs_pages.page import COMMAND, Page, Sources
from harness.prometheus.matcher import Matcher
from harness.report.reference import PARTS, entry
from harness.scenario.model import (
    Chaos,
    Expectation,
    KnownIssue,
    Proof,
    ScenarioDocument,
    Step,
    Workload,
)

NAME = "reference.md"

_ATTRIBUTE = re.compile(r"^ {4}(\w+(?:, \w+)*): (.*)$")
_PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("A scenario", ScenarioDocument),
    ("`workload`", Workload),
    ("`chaos`, each", Chaos),
    ("`steps`, each", Step),
    ("`proof`", Proof),
    ("`expect`, each", Expectation),
    ("`where`, a label", Matcher),
    ("`known_issue`", KnownIssue),
)


def pages(_: Sources) -> Iterator[Page]:
    """Yield the page."""
    yield Page(Path(NAME), text())


def text() -> str:
    """Return the page: models, actions, kinds, oracles, capabilities."""
    lines = [
        "# Reference",
        "",
        f"Every key of a scenario file, from the docstrings of the code (`{COMMAND}`).",
        "What they mean together, with examples: [scenarios.md](scenarios.md).",
    ]
    for title, model in _PARTS:
        lines += ["", f"## {title}", "", *_model(model)]
    lines += ["", "## Actions", "", "A step has exactly one. Those that take more than a name or a number:"]
    for name, argument in _arguments():
        lines += ["", f"### {name}", "", *_model(argument)]
    for title, part in (
        ("Kinds of expectations", "kinds"),
        ("Oracles", "oracles"),
        ("Capabilities", "capabilities"),
    ):
        lines += ["", f"## {title}", "", PARTS[part]()]
    lines += ["", "## What a file is checked by", "", PARTS["rules"]()]
    return "\n".join(lines) + "\n"


def attributes(model: type[BaseModel]) -> dict[str, str]:
    """Return what the docstring of a model says about each of its fields, those of its bases included."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        said = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")[2]
        names: list[str] = []
        for line in said.split("\n\n")[0].splitlines():
            if match := _ATTRIBUTE.match(line):
                names = [name.rstrip("_") for name in match[1].split(", ")]
                found |= dict.fromkeys(names, match[2])
            else:
                found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def _arguments() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield each action that takes a mapping, or a list of them, with the model of it."""
    for name, action in actions().items():
        for annotation in _inside(action.argument):
            if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
                yield name, annotation


def _inside(annotation: Any) -> Iterator[Any]:
    """Yield all types that a type is made of: of `list[Http] | None` Http, too."""
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for each in arguments:
        yield from _inside(each)


def _model(model: type[BaseModel]) -> Iterator[str]:
    """Yield what a model is, then each of its fields: what it takes, and what for."""
    yield " ".join(
        inspect.cleandoc(model.__doc__ or "").partition("\n\nAttributes:")[0].split("\n\n")[0].split()
    )
    yield ""
    said = attributes(model)
    schema = model.model_json_schema(by_alias=True)
    required = schema.get("required", [])
    for name, each in schema.get("properties", {}).items():
        told = [_form(each), "required" if name in required else _default(each)]
        about = re.sub(r"\bsee (\w+)", _link, said.get(name, ""))
        yield entry(f"`{name}` ({', '.join(filter(None, told))})" + (f": {about}" if about else ""))


def _link(match: re.Match[str]) -> str:
    """Return the way to the action that a docstring names by its class."""
    action = match[1].lower()
    return f"see [{action}](#{action})" if action in actions() else match[0]


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    return f"default {default}" if isinstance(default, int | float | str) and default != "" else "optional"


def _form(schema: dict[str, Any]) -> str:  # noqa: PLR0911  (one for each form)
    """Return what a JSON schema takes, in words."""
    branches = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if branches:
        return " or ".join(dict.fromkeys(map(_form, branches)))
    if "$ref" in schema:
        return "mapping"
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"][:-1])) + f" or {schema['enum'][-1]}"
    match schema.get("type"):
        case "array":
            return f"list of {_form(schema.get('items', {}))}"
        case "object":
            return "mapping"
        case "string":
            return "name" if "pattern" in schema else "text"
        case "boolean":
            return "true or false"
        case "integer" | "number":
            return "number" + _bounds(schema)
    return "anything"


def _bounds(schema: dict[str, Any]) -> str:
    least = f"at least {schema['minimum']:g}" if "minimum" in schema else ""
    if "exclusiveMinimum" in schema:
        least = f"more than {schema['exclusiveMinimum']:g}"
    most = f"at most {schema['maximum']:g}" if "maximum" in schema else ""
    told = " and ".join(filter(None, [least, most]))
    return f", {told}" if told else ""
