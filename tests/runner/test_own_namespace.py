import re

import pytest
from pydantic import ValidationError

from harness.runner.scenario_context import own_namespace
from harness.scenario.model import Scenario

UNIQUE = "a1b2c3"


def scenario(**more):
    return Scenario.model_validate({"scenario": "names", "about": "a", "steps": [{"wait": 1}], **more})


def test_a_namespace_is_named_after_its_scenario():
    assert own_namespace(scenario(), UNIQUE) == f"names-{UNIQUE}"
    assert own_namespace(scenario(scenario="a" * 50), UNIQUE) == f"{'a' * 40}-{UNIQUE}"


@pytest.mark.parametrize("name", ["names", "a" * 50, "b-" * 24 + "c"])
@pytest.mark.parametrize("length", [20, 32, 63])
def test_a_namespace_has_the_length_that_is_asked_for(name, length):
    found = own_namespace(scenario(scenario=name, namespace_length=length), UNIQUE)
    assert len(found) == length
    assert found.endswith(f"-{UNIQUE}")
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", found)


def test_further_namespaces_need_room_in_their_names():
    with pytest.raises(ValidationError, match="does not go with further"):
        scenario(namespace_length=63, namespaces=["second"])


def test_no_namespace_is_longer_than_kubernetes_lets_it_be():
    with pytest.raises(ValidationError):
        scenario(namespace_length=64)
