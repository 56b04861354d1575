"""The JSON of the dashboards is current, can be imported, and each of its queries is judged by a scenario."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.base import bundled
from harness.base.errors import UsageError
from harness.chaosmesh.catalogue import catalogue
from harness.prometheus.expression import selectors
from harness.scenario.panels import queries
from harness.stack import dashboards

FOLDER = bundled.fixtures() / "dashboards"
NAMES = ["application", "controller-manager", "daemon", "dashboard-server", "overview"]


def made(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def panels(name):
    return [panel for panel in made(name)["panels"] if panel["type"] != "row"]


def test_there_is_a_dashboard_for_each_component_and_no_json_without_a_description():
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == NAMES
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_json_is_what_the_description_makes(name):
    current = dashboards.rendered(dashboards.read(FOLDER / f"{name}.yaml"), name)
    assert (FOLDER / f"{name}.json").read_text() == current, "run: python -m harness.stack.dashboards"


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_imported_anywhere(name):
    found = made(name)
    # A number as id would be that of a dashboard in the database of one Grafana.
    assert found.get("id") is None
    assert found["uid"] == f"chaos-harness-{name}"
    identities = [panel["id"] for panel in found["panels"]]
    assert len(set(identities)) == len(identities)
    source = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels(name):
        assert panel["datasource"] == source
        assert [target["datasource"] for target in panel["targets"]] == [source] * len(panel["targets"])
    variables = {each["name"]: each["type"] for each in found["templating"]["list"]}
    assert variables["datasource"] == "datasource"


@pytest.mark.parametrize("name", NAMES)
def test_no_panel_covers_another_one(name):
    taken: set[Any] = set()
    for panel in made(name)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (place["x"] + right, place["y"] + down)
            for right in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_a_query_uses_is_there_and_the_other_way_round(name):
    found = made(name)
    variables = {each["name"] for each in found["templating"]["list"]} - {"datasource"}
    text = " ".join(queries(found).values())
    assert {each for each in variables if f"${each}" not in text} == set()
    for variable in variables:
        text = text.replace(f"${variable}", "")
    assert "$" not in text.replace("$__rate_interval", "")


@pytest.mark.parametrize("name", NAMES)
def test_gauges_that_each_replica_shows_are_not_added_up(name):
    everywhere = {
        "chaos_controller_manager_chaos_experiments",
        "chaos_controller_manager_chaos_schedules",
        "chaos_controller_manager_chaos_workflows",
        "chaos_dashboard_archived_experiments",
        "chaos_dashboard_archived_schedules",
        "chaos_dashboard_archived_workflows",
    }
    for (title, _), expression in queries(made(name)).items():
        plain = expression.replace("$__rate_interval", "4s")
        for metric, _ in selectors(plain):
            assert catalogue().find(metric) is not None, title
            if metric in everywhere:
                assert "max by (" in expression, title


def test_each_query_of_each_panel_is_judged_by_a_scenario():
    judged = set()
    for path in bundled.scenarios().rglob("*.yaml"):
        steps = yaml.safe_load(path.read_text()).get("steps", [])
        # A step that a case gives as a whole is a template.
        for step in (each for each in steps if isinstance(each, dict)):
            for expectation in step.get("expect", []):
                if panel := expectation.get("panel"):
                    judged.add((panel["dashboard"], panel["title"], panel.get("query", "A")))
    there = {(name, *key) for name in NAMES for key in queries(made(name))}
    assert there - judged == set(), "a panel that no scenario judges may show nothing, and nobody knows"


def test_a_wrong_description_is_named(tmp_path: Path):
    wrong = tmp_path / "a.yaml"
    panel = "{title: x, about: y, unit: short, queries: [up]}"
    wrong.write_text(f"{{title: a, about: b, rows: [{{title: r, panels: [{panel}, {panel}]}}]}}")
    with pytest.raises(UsageError, match=r"a\.yaml: not a dashboard") as told:
        dashboards.read(wrong)
    assert any("several panels have the title x" in line for line in told.value.details)
    wrong.write_text(
        "{title: a, about: b, rows: [{title: r, panels: [{title: x, about: y, unit: short, queries: []}]}]}"
    )
    with pytest.raises(UsageError, match="not a dashboard"):
        dashboards.read(wrong)
