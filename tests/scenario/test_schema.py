import re
from typing import Any

import pytest

from harness.actions.registry import actions
from harness.scenario.model import Step
from harness.scenario.schema import json_schema

PARAMETER = {"$ref": "#/$defs/Parameter"}


@pytest.fixture
def schema() -> dict[str, Any]:
    return json_schema({"equals": {"type": "number"}, "absent": {"const": True}}, ["processes", "events"])


def test_an_expectation_has_exactly_one_of_the_kinds(schema: dict[str, Any]) -> None:
    expectation = schema["$defs"]["Expectation"]

    assert expectation["properties"]["equals"] == {"anyOf": [{"type": "number"}, PARAMETER]}
    assert expectation["allOf"][0]["oneOf"] == [{"required": ["absent"]}, {"required": ["equals"]}]
    assert expectation["additionalProperties"] is False
    assert {"metric", "where", "hold", "known_issue"} <= set(expectation["properties"])


def test_a_known_issue_shows_one_of_the_kinds(schema: dict[str, Any]) -> None:
    shows, parameter = schema["$defs"]["KnownIssue"]["properties"]["shows"]["anyOf"]

    assert parameter == PARAMETER
    assert set(shows["properties"]) == {"equals", "absent"}
    assert (shows["additionalProperties"], shows["minProperties"], shows["maxProperties"]) == (False, 1, 1)


def test_a_proof_asks_one_of_the_oracles(schema: dict[str, Any]) -> None:
    oracle, parameter = schema["$defs"]["Proof"]["properties"]["oracle"]["anyOf"]

    assert oracle["enum"] == ["events", "processes"]
    assert parameter == PARAMETER


def test_a_step_has_one_action_and_takes_one_proof_without_a_list(schema: dict[str, Any]) -> None:
    step = schema["$defs"]["Step"]

    assert step["oneOf"] == [{"required": [action]} for action in actions()]
    assert set(step["properties"]) == set(Step.model_fields)
    assert step["properties"]["proof"]["anyOf"][0] == {"$ref": "#/$defs/Proof"}
    assert step["properties"]["proof"]["anyOf"][1]["type"] == "array"


def test_a_workload_may_be_a_name_alone(schema: dict[str, Any]) -> None:
    assert {"type": "string"} in schema["properties"]["workload"]["anyOf"]
    assert schema["required"] == ["scenario", "about", "steps"]


def test_what_is_not_text_already_may_be_a_parameter(schema: dict[str, Any]) -> None:
    step = schema["$defs"]["Step"]["properties"]
    chaos = schema["$defs"]["Chaos"]["properties"]

    assert step["wait"]["anyOf"][-1] == PARAMETER
    assert step["bound"]["anyOf"] == [{"exclusiveMinimum": 0, "maximum": 600, "type": "number"}, PARAMETER]
    assert step["bound"]["default"] == 30.0
    assert chaos["spec"]["anyOf"][-1] == PARAMETER
    kind = {name: value for name, value in chaos["kind"].items() if name != "description"}
    assert kind == {"type": "string", "title": "Kind"}, "text may be anything"
    assert PARAMETER not in step["until"]["anyOf"]
    assert schema["properties"]["steps"]["anyOf"][0]["items"] == {
        "anyOf": [{"$ref": "#/$defs/Step"}, PARAMETER]
    }
    (named,) = schema["properties"]["chaos"]["anyOf"][0]["patternProperties"].values()
    assert named == {"anyOf": [{"$ref": "#/$defs/Chaos"}, PARAMETER]}
    assert schema["$defs"]["Expectation"]["properties"]["level"]["anyOf"][-1] == PARAMETER


def test_names_includes_and_parameters_are_no_parameters(schema: dict[str, Any]) -> None:
    properties = schema["properties"]

    assert properties["scenario"]["type"] == "string"
    assert [branch["type"] for branch in properties["include"]["anyOf"]] == ["string", "array"]
    assert properties["parameters"]["type"] == "object"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("${parameters.x}", True),
        ("${parameters.x.y[0]}", True),
        ("${burn.node}", False),
        ("a ${parameters.x}", False),
    ],
)
def test_only_a_whole_template_is_a_parameter(text: str, fits: bool, schema: dict[str, Any]) -> None:
    assert bool(re.search(schema["$defs"]["Parameter"]["pattern"], text)) is fits
