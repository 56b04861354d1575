"""Puts the names that are known into the JSON Schema of scenario files, for editors to complete and to check.

Metrics, labels and reasons of events come from the catalogue, fields of specs from Chaos Mesh's API types,
all others from what the harness has: oracles, capabilities, workloads, dashboards, known issues.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.chaosmesh import own_workload, workload
from harness.chaosmesh.capabilities import CAPABILITIES
from harness.chaosmesh.catalogue import Catalogue, catalogue
from harness.chaosmesh.catalogue.own import catalogue_of
from harness.chaosmesh.components import COMPONENTS, WORKLOAD
from harness.chaosmesh.known_issues import known_issues
from harness.chaosmesh.specs.shape import Shape, shape_of
from harness.judge.proof import COMPARISONS
from harness.kubernetes.kinds import CHAOS_MESH_KINDS
from harness.oracles.base import Oracle, oracles
from harness.recording.labels import TARGET_LABELS
from harness.scenario.docstring import attributes_of
from harness.scenario.panels import dashboards, dashboards_beside, queries
from harness.scenario.phases import lasting_phases

Schema = dict[str, Any]

_TEMPLATE: Schema = {"$ref": "#/$defs/Template"}
_ANY = "any.yaml"
"""In the place of a scenario's file: only its folder matters."""
_COMPONENTS = {"Restart": "component", "Scale": "component", "Deny": "component"}


def add_names(schema: Schema, folder: Path | None = None) -> None:
    """Add all names to the schema of a scenario file (harness/scenario/schema.py).

    Args:
        schema: it is changed.
        folder: of scenarios; the metrics, workloads and dashboards beside them are added.

    Raises:
        ScenarioError: a file of metrics there is wrong.
    """
    scenario = folder / _ANY if folder is not None else None
    workloads = workload.names() + (own_workload.names(scenario) if scenario else [])
    boards = dashboards() | (dashboards_beside(scenario) if scenario else {})
    definitions = schema["$defs"]
    definitions["Template"] = {
        "type": "string",
        "pattern": r"\$\{",
        "description": "filled in when the step begins",
    }
    _add_metrics(definitions["Expectation"], catalogue_of(scenario) if scenario else catalogue())
    _add_oracles(schema)
    _add_kinds(definitions)
    _add_panels(definitions["Panel"], boards)
    _narrow(definitions["Step"]["properties"]["until"], sorted(_phases()))
    _narrow(definitions["KnownIssue"]["properties"]["id"], sorted(known_issues()))
    _narrow(definitions["Workload"]["properties"]["name"], workloads)
    _narrow(schema["properties"]["workload"], workloads)
    _narrow(_items(schema["properties"]["needs"]), sorted(CAPABILITIES))
    for name, key in _COMPONENTS.items():
        _narrow(definitions[name]["properties"][key], [*COMPONENTS, *([] if name == "Deny" else [WORKLOAD])])
    _narrow(definitions["Step"]["properties"]["allow"], list(COMPONENTS))
    _narrow(definitions["Step"]["properties"]["restart"], [*COMPONENTS, WORKLOAD])
    definitions["Http"]["properties"]["to"]["examples"] = [*COMPONENTS, WORKLOAD]


def _phases() -> set[str]:
    return {phase for kind in CHAOS_MESH_KINDS for phase in lasting_phases(kind)}


def _items(schema: Schema) -> Schema:
    items: Schema = next(each["items"] for each in schema["anyOf"] if "items" in each)
    return items


def _narrow(schema: Schema, names: Iterable[str]) -> None:
    """Let text be one of some names, or a template."""
    branches = schema.get("anyOf")
    if branches is None:
        branches = schema["anyOf"] = [{"type": schema.pop("type")}]
        for key in ("pattern", "maxLength", "minLength"):
            schema.pop(key, None)
    text = next(each for each in branches if each.get("type") == "string")
    text.clear()
    text["enum"] = list(names)
    branches.append(_TEMPLATE)


def _add_metrics(expectation: Schema, metrics: Catalogue) -> None:
    """Name the series, and the labels with the values that they can have."""
    about: dict[str, str] = {}
    prefixes = []
    labels: set[str] = set(TARGET_LABELS)
    values: dict[str, set[str]] = {"job": set(metrics.components())}
    is_open: set[str] = set()
    for metric in metrics.metrics:
        labels |= {label for name in metric.series_names for label in metric.labels_of(name)}
        for label in metric.labels:
            known = metric.values.get(label) or metric.examples.get(label) or ()
            values.setdefault(label, set()).update(known)
            if label not in metric.values:
                is_open.add(label)
        if metric.prefix:
            prefixes.append(metric.name)
        else:
            about |= dict.fromkeys(metric.series_names, metric.help or metric.note or metric.unit)
    names = sorted(about)
    expectation["properties"]["metric"] = {
        "description": expectation["properties"]["metric"]["description"],
        "anyOf": [
            {"enum": names, "markdownEnumDescriptions": [about[name] for name in names]},
            *({"type": "string", "pattern": f"^{prefix}"} for prefix in prefixes),
            _TEMPLATE,
        ],
    }
    where = expectation["properties"]["where"]["anyOf"][0]
    where["properties"] = {
        label: {
            "anyOf": [
                _value(sorted(values.get(label, ())), is_open=label in is_open),
                {"$ref": "#/$defs/Matcher"},
            ],
            "description": f"the label `{label}`",
        }
        for label in sorted(labels)
    }
    expectation["allOf"].append(
        {
            "if": {"properties": {"metric": {"enum": names}}, "required": ["metric"]},
            "then": {"properties": {"where": {"propertyNames": {"enum": sorted(labels)}}}},
        }
    )


def _value(known: list[str], *, is_open: bool) -> Schema:
    if known and not is_open:
        return {"anyOf": [{"enum": known}, _TEMPLATE]}
    return {"type": "string", **({"examples": known} if known else {})}


def _add_oracles(schema: Schema) -> None:
    """Name the oracles, and the parameters of each."""
    definitions = schema["$defs"]
    definitions["ContainerTarget"] = {
        "type": "object",
        "description": "A container, as `${NAME.targets[0]}` names it.",
        "additionalProperties": {"type": "string"},
    }
    named = {"enum": sorted(oracles())}
    summaries = [oracles()[name].summary for name in named["enum"]]
    oracle = {"anyOf": [{**named, "markdownEnumDescriptions": summaries}, _TEMPLATE]}
    proof = definitions["Proof"]
    proof["properties"]["oracle"] |= oracle
    proof["properties"] |= _parameters_of_all() | {
        key: {**definitions["Expectation"]["properties"][key]} for key in COMPARISONS
    }
    proof["allOf"] = [_only_its_own(each, ("because", *COMPARISONS)) for each in oracles().values()]
    definitions["Oracle"] = {
        "type": "object",
        "description": "What an oracle says, with its parameters.",
        "properties": {"oracle": {**oracle, "description": "the name of an oracle"}, **_parameters_of_all()},
        "required": ["oracle"],
        "allOf": [_only_its_own(each, ()) for each in oracles().values()],
    }
    for name, definition in definitions.items():
        if name not in ("Oracle", "Proof"):
            _refer(definition)
    _refer(proof["properties"])


def _refer(schema: Any) -> None:
    """Let everything that takes an oracle take one that there is, with its parameters."""
    if isinstance(schema, list):
        for each in schema:
            _refer(each)
    if not isinstance(schema, dict):
        return
    if schema.get("required") == ["oracle"] and set(schema) == {"type", "properties", "required"}:
        schema.clear()
        schema["$ref"] = "#/$defs/Oracle"
        return
    for each in schema.values():
        _refer(each)


def _parameters_of_all() -> Schema:
    """Return every parameter that any oracle has; what it may be is said for each oracle."""
    found: dict[str, str] = {}
    for oracle in oracles().values():
        for name, schema in _parameters(oracle).items():
            found.setdefault(name, schema["description"])
    return {name: {"description": about} for name, about in sorted(found.items())}


def _only_its_own(oracle: type[Oracle], further: Iterable[str]) -> Schema:
    parameters = _parameters(oracle)
    required = oracle.parameters.model_json_schema().get("required", [])
    then: Schema = {
        "properties": parameters,
        "propertyNames": {"enum": ["oracle", *parameters, *further]},
    }
    if required:
        then["required"] = required
    return {"if": {"properties": {"oracle": {"const": oracle.name}}, "required": ["oracle"]}, "then": then}


def _parameters(oracle: type[Oracle]) -> dict[str, Schema]:
    """Return the schema of each parameter, which may be a template."""
    about: dict[str, str] = {}
    for model in reversed(oracle.parameters.__mro__):
        about |= attributes_of(model.__doc__ or "")
    # Containers go by another name in scenarios.
    about.setdefault("in", about.get("targets", ""))
    found = {}
    for name, schema in oracle.parameters.model_json_schema().get("properties", {}).items():
        branches = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        if name == "in":
            branches.append({"$ref": "#/$defs/ContainerTarget"})
        kept = [
            {key: value for key, value in each.items() if key not in ("title", "default")}
            for each in branches
        ]
        found[name] = {
            "anyOf": [*map(_with_templates, kept), _TEMPLATE],
            "description": about.get(name, name),
        }
    return found


def _with_templates(schema: Schema) -> Schema:
    if "items" in schema:
        return {**schema, "items": {"anyOf": [schema["items"], _TEMPLATE]}}
    return schema


def _add_kinds(definitions: Schema) -> None:
    """Name the kinds of chaos, and the fields of the spec of each."""
    chaos = definitions["Chaos"]
    shapes = {kind: shape for kind in CHAOS_MESH_KINDS if (shape := shape_of(kind))}
    chaos["properties"]["kind"] = {
        "description": chaos["properties"]["kind"]["description"],
        "anyOf": [{"enum": sorted(shapes)}, _TEMPLATE],
    }
    specs = _Specs(definitions)
    chaos["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"properties": {"spec": {"anyOf": [specs.of(shape, kind), _TEMPLATE]}}},
        }
        for kind, shape in sorted(shapes.items())
    ]


class _Specs:
    """Turns shapes of specs into schemas; what several specs have is written once."""

    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions
        self._names: dict[int, str] = {}

    def of(self, shape: Shape, name: str) -> Schema:
        """Return the schema of a shape; `name` is where it is found first."""
        if not shape.fields:
            return self._plain(shape, name)
        if id(shape) not in self._names:
            self._names[id(shape)] = f"Spec.{name}"
            self._definitions[f"Spec.{name}"] = self._object(shape.fields, shape, name)
        return {"$ref": f"#/$defs/{self._names[id(shape)]}"}

    def _object(self, fields: Mapping[str, Shape], shape: Shape, name: str) -> Schema:
        made: Schema = {
            "type": "object",
            "properties": {
                field: {"anyOf": [self.of(each, f"{name}.{field}"), _TEMPLATE]}
                for field, each in fields.items()
            },
            "additionalProperties": False,
        }
        if shape.required:
            made["required"] = sorted(shape.required)
        return made

    def _plain(self, shape: Shape, name: str) -> Schema:
        types = {"any": None, "int-or-string": ["integer", "string"]}
        type_ = types.get(shape.type, shape.type)
        made: Schema = {} if type_ is None else {"type": type_}
        if shape.enum:
            made["enum"] = list(shape.enum)
        limits = {
            "minimum": shape.minimum,
            "exclusiveMinimum": shape.over,
            "maximum": shape.maximum,
            "pattern": shape.pattern,
        }
        made |= {key: value for key, value in limits.items() if value is not None}
        if shape.of is not None:
            inner = {"anyOf": [self.of(shape.of, f"{name}[]"), _TEMPLATE]}
            made["items" if shape.type == "array" else "additionalProperties"] = inner
        if shape.nullable and made:
            return {"anyOf": [made, {"type": "null"}]}
        return made


def _add_panels(panel: Schema, boards: Mapping[str, dict[str, Any]]) -> None:
    """Name the dashboards, and the panels of each."""
    panel["properties"]["dashboard"] = {
        "description": panel["properties"]["dashboard"]["description"],
        "enum": sorted(boards),
    }
    panel["allOf"] = [
        {
            "if": {"properties": {"dashboard": {"const": name}}, "required": ["dashboard"]},
            "then": {"properties": {"title": {"enum": sorted({title for title, _ in queries(dashboard)})}}},
        }
        for name, dashboard in sorted(boards.items())
    ]
