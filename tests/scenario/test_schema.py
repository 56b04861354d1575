from typing import Any

import pytest

from harness.scenario.model import ACTIONS, Step
from harness.scenario.schema import json_schema


@pytest.fixture
def schema() -> dict[str, Any]:
    return json_schema({"equals": {"type": "number"}, "absent": {"const": True}}, ["processes", "events"])


def test_an_expectation_has_exactly_one_of_the_kinds(schema: dict[str, Any]) -> None:
    expectation = schema["$defs"]["Expectation"]

    assert expectation["properties"]["equals"] == {"type": "number"}
    assert expectation["allOf"][0]["oneOf"] == [{"required": ["absent"]}, {"required": ["equals"]}]
    assert expectation["additionalProperties"] is False
    assert {"metric", "where", "hold", "known_issue"} <= set(expectation["properties"])


def test_a_known_issue_shows_one_of_the_kinds(schema: dict[str, Any]) -> None:
    shows = schema["$defs"]["KnownIssue"]["properties"]["shows"]

    assert set(shows["properties"]) == {"equals", "absent"}
    assert (shows["additionalProperties"], shows["minProperties"], shows["maxProperties"]) == (False, 1, 1)


def test_a_proof_asks_one_of_the_oracles(schema: dict[str, Any]) -> None:
    assert schema["$defs"]["Proof"]["properties"]["oracle"]["enum"] == ["events", "processes"]


def test_a_step_has_one_action_and_takes_one_proof_without_a_list(schema: dict[str, Any]) -> None:
    step = schema["$defs"]["Step"]

    assert step["oneOf"] == [{"required": [action]} for action in ACTIONS]
    assert set(step["properties"]) == set(Step.model_fields)
    assert step["properties"]["proof"]["anyOf"][0] == {"$ref": "#/$defs/Proof"}
    assert step["properties"]["proof"]["anyOf"][1]["type"] == "array"


def test_a_workload_may_be_a_name_alone(schema: dict[str, Any]) -> None:
    assert {"type": "string"} in schema["properties"]["workload"]["anyOf"]
    assert schema["required"] == ["scenario", "about", "steps"]
