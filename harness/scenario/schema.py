"""The JSON Schema of scenario files, for editors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.scenario.model import ACTIONS, Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(
    expectations: Mapping[str, Mapping[str, Any]],
    oracles: Iterable[str],
    comparisons: Iterable[str] = ("equals", "at_least", "at_most", "between"),
) -> dict[str, Any]:
    """Return the schema of a scenario file.

    What the language leaves open is known to rooms above this one, and so given by the caller.

    Args:
        expectations: expectation kind to the schema of its argument; {} allows any argument.
        oracles: names of the oracles that a proof can ask.
        comparisons: the keys of a proof of which it has exactly one.
    """
    schema = Scenario.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    definitions["Expectation"] |= {
        "properties": definitions["Expectation"]["properties"]
        | {k: dict(v) for k, v in expectations.items()},
        "additionalProperties": False,
        "allOf": [
            {"oneOf": [{"required": [kind]} for kind in sorted(expectations)]},
            {"oneOf": [{"required": ["metric"]}, {"required": ["promql"]}]},
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
    step["oneOf"] = [{"required": [action]} for action in ACTIONS]
    step["properties"]["proof"] = _also(step["properties"]["proof"], {"$ref": "#/$defs/Proof"})
    definitions["Matcher"] |= {"minProperties": 1, "maxProperties": 1}
    schema["properties"]["workload"] = _also(schema["properties"]["workload"], {"type": "string"})
    return {"$schema": DIALECT, "title": "Scenario of the chaos observability harness", **schema}


def _also(schema: dict[str, Any], short_form: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that allows a short form too, which the model takes for the long one."""
    rest: dict[str, Any] = {key: schema[key] for key in ("default", "description") if key in schema}
    long_form = {key: value for key, value in schema.items() if key not in rest}
    branches = long_form.get("anyOf", [long_form])
    return {"anyOf": [short_form, *branches], **rest}
