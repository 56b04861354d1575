"""The JSON Schema of scenario files, for editors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.actions.registry import actions, check_installed
from harness.base.durations import PATTERN, text_of
from harness.scenario.docstring import attributes_of, summary_of
from harness.scenario.model import DEFAULT_TIMEOUT, Scenario, ScenarioDocument
from harness.scenario.panels import PanelReference

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTITY = "urn:chaos-observability-harness"
_DEFINITIONS = "#/$defs/"
_SEE = re.compile(r"^see ([A-Z][A-Za-z]+)([.;])")

_PARAMETER = {"type": "string", "pattern": r"^\$\{parameters[.][^{}]+\}$"}
_WITHOUT_PARAMETERS = ("scenario", "include", "manifest", "parameters")
_ABOUT = ("default", "description", "title")
_NARROWING = ("enum", "const", "pattern", "minLength", "maxLength", "format")


def json_schema(
    expectations: Mapping[str, Mapping[str, Any]],
    oracles: Iterable[str],
    comparisons: Iterable[str] = ("equals", "at_least", "at_most", "between"),
) -> dict[str, Any]:
    """Return the schema of a scenario file.

    Every value but the name, the includes and the parameters themselves may be `${parameters.NAME}`.

    What the language leaves open is known to packages above this one, and so given by the caller.

    Args:
        expectations: expectation kind to the schema of its argument; {} allows any argument.
        oracles: names of the oracles that a proof can ask.
        comparisons: the keys of a proof of which it has exactly one.

    Raises:
        UsageError: an installed package brings a broken action.
    """
    check_installed()
    schema = ScenarioDocument.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    panel = PanelReference.model_json_schema()
    definitions["Panel"] = {**panel, "title": "Panel"}
    for definition in definitions.values():
        _describe(definition, definitions)
    definitions["Expectation"]["properties"]["panel"] = {
        "$ref": "#/$defs/Panel",
        "description": "a panel of a dashboard, in place of `promql`: its query is judged",
    }
    definitions["Expectation"] |= {
        "properties": definitions["Expectation"]["properties"]
        | {k: dict(v) for k, v in expectations.items()},
        "additionalProperties": False,
        "allOf": [
            {"oneOf": [{"required": [kind]} for kind in sorted(expectations)]},
            {"oneOf": [{"required": [subject]} for subject in ("metric", "promql", "panel")]},
        ],
    }
    definitions["KnownIssue"]["properties"]["shows"] |= {
        "properties": {kind: dict(argument) for kind, argument in expectations.items()},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    definitions["Proof"]["properties"]["oracle"]["enum"] = sorted(oracles)
    definitions["Proof"]["oneOf"] = [{"required": [key]} for key in comparisons]
    step = definitions["Step"]
    step["oneOf"] = [{"required": [action]} for action in actions()]
    step["properties"]["proof"] = _also(step["properties"]["proof"], {"$ref": "#/$defs/Proof"})
    for name, action in actions().items():
        if action.short_form is not None:
            step["properties"][name] = _also(step["properties"][name], dict(action.short_form))
    definitions["Matcher"] |= {"minProperties": 1, "maxProperties": 1}
    properties = schema["properties"]
    properties["workload"] = _also(properties["workload"], {"type": "string"})
    properties["timeout"] = {"type": "string", "pattern": f"^{PATTERN}$", "default": text_of(DEFAULT_TIMEOUT)}
    for name in ("include", "manifest"):
        properties[name] = _also(properties[name], {"type": "string"})
    for model in (Scenario, ScenarioDocument):
        for name, about in attributes_of(model.__doc__ or "").items():
            properties[name]["description"] = about
    schema["description"] = "A scenario file: what one run performs, or each of its cases."
    schema["properties"] = {
        key: value if key in _WITHOUT_PARAMETERS else _or_parameter(value)
        for key, value in properties.items()
    }
    schema["$defs"] = {name: _inside(definition) for name, definition in definitions.items()}
    schema["$defs"]["Parameter"] = _PARAMETER
    schema["title"] = "Scenario of the chaos observability harness"
    return {"$schema": DIALECT, "$id": f"{IDENTITY}:scenario", **schema}


def include_schema(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a file that scenarios include, which holds chaos and nothing else.

    Args:
        scenario: the schema of a scenario file, whose definitions it shares.
    """
    chaos = scenario["properties"]["chaos"]
    used: dict[str, Any] = {}
    waiting = [*_references(chaos)]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = scenario["$defs"][name]
            waiting += _references(used[name])
    return {
        "$schema": DIALECT,
        "$id": f"{IDENTITY}:include",
        "$defs": dict(sorted(used.items())),
        "title": "Chaos that scenarios of the chaos observability harness include",
        "description": "An included file: its name begins with `_`, and it holds `chaos` and nothing else.",
        "type": "object",
        "properties": {"chaos": chaos},
        "required": ["chaos"],
        "additionalProperties": False,
    }


def _references(schema: Any) -> Iterator[str]:
    """Yield the definitions that a schema refers to."""
    if isinstance(schema, dict):
        if isinstance(reference := schema.get("$ref"), str):
            yield reference.removeprefix(_DEFINITIONS)
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each)


def _describe(definition: dict[str, Any], definitions: Mapping[str, Any]) -> None:
    """Give each property what the docstring says about it, and the whole the rest of it."""
    text = definition.get("description", "")

    def first_lines(see: re.Match[str]) -> str:
        whole = summary_of(definitions[see[1]]["description"])
        return whole if see[2] == "." else f"{whole} Also:"

    for name, about in attributes_of(text).items():
        if name in definition.get("properties", {}):
            definition["properties"][name]["description"] = _SEE.sub(first_lines, about)
    if text:
        definition["description"] = summary_of(text)


def _also(schema: dict[str, Any], short_form: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that allows a short form too, which the model takes for the long one."""
    branches, about = _branches(schema)
    return {"anyOf": [short_form, *branches], **about}


def _or_parameter(schema: Any) -> Any:
    """Return the schema of a value that may be `${parameters.NAME}`, and so may what is in it."""
    inner = _inside(schema)
    if _takes_any_text(schema):
        return inner
    branches, about = _branches(inner)
    return {"anyOf": [*branches, {"$ref": "#/$defs/Parameter"}], **about}


def _inside(schema: Any) -> Any:
    """Return a schema in which all that is in a value may be `${parameters.NAME}`, but not the value."""
    if not isinstance(schema, dict):
        return schema
    changed = dict(schema)
    for key in ("properties", "patternProperties"):
        if key in schema:
            changed[key] = {name: _or_parameter(each) for name, each in schema[key].items()}
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            changed[key] = _or_parameter(schema[key])
    if "prefixItems" in schema:
        changed["prefixItems"] = [_or_parameter(each) for each in schema["prefixItems"]]
    if "anyOf" in schema:
        changed["anyOf"] = [_inside(each) for each in schema["anyOf"]]
    return changed


def _takes_any_text(schema: Any) -> bool:
    if not isinstance(schema, dict) or not schema:
        return True
    if "anyOf" in schema:
        return any(_takes_any_text(branch) for branch in schema["anyOf"])
    return schema.get("type") == "string" and not any(key in schema for key in _NARROWING)


def _branches(schema: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the branches of a schema, itself when it has none, and what it says about the value."""
    about = {key: schema[key] for key in _ABOUT if key in schema}
    rest = {key: value for key, value in schema.items() if key not in about}
    return rest.get("anyOf", [rest]), about
