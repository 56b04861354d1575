"""The JSON Schemas for editors: files of ours fit, what is wrong does not, and each key is explained."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from harness import cli
from harness.base import bundled
from harness.base.errors import ExitCode
from harness.docs_pages import new
from harness.docs_pages.pages import schema
from harness.docs_pages.templates import FOLDER, names
from harness.scenario.panels import dashboards, queries
from harness.scenario.schema import include_schema

SHIPPED = sorted([*bundled.scenarios().rglob("*.yaml"), *FOLDER.glob("*.yaml")])
SPEC = {"action": "pod-kill", "mode": "one", "selector": "${workload.selector}"}
CONTAINER = {"namespace": "n", "pod": "p", "container": "c"}
EXPERIMENTS = "chaos_controller_manager_chaos_experiments"


@cache
def validator(*, include: bool = False) -> Draft202012Validator:
    made = schema.schema()
    made = include_schema(made) if include else made
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def problems(document: Any, *, include: bool = False) -> list[str]:
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in validator(include=include).iter_errors(document)
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_file_that_ships_fits(path: Path) -> None:
    assert problems(yaml.safe_load(path.read_text()), include=path.name.startswith("_")) == []


@pytest.mark.parametrize("name", names())
def test_every_file_that_is_generated_fits(name: str) -> None:
    chosen = new.template(name)
    text = new.scenario_text(chosen, set(chosen.metrics()), "a-name")
    assert problems(yaml.safe_load(text)) == []


def document() -> dict[str, Any]:
    dashboard = sorted(dashboards())[0]
    title = next(iter(queries(dashboards()[dashboard])))[0]
    return {
        "scenario": "example",
        "about": "For the schema.",
        "needs": ["netem"],
        "workload": "mini-node-exporter",
        "chaos": {"kill": {"kind": "PodChaos", "spec": SPEC}},
        "steps": [
            {
                "apply": "kill",
                "until": "finished",
                "proof": {"oracle": "pod-uids", "since": "${workload.uids}", "equals": 1},
                "expect": [
                    {
                        "metric": EXPERIMENTS,
                        "where": {"kind": "PodChaos", "phase": "finished"},
                        "equals": {"oracle": "experiments", "phase": "finished"},
                        "known_issue": {"id": "abort-without-annotations-panics", "shows": {"equals": 0}},
                    },
                    {"panel": {"dashboard": dashboard, "title": title}, "present": True},
                ],
            },
            {"restart": {"component": "chaos-daemon"}},
            {"allow": "chaos-daemon"},
        ],
    }


EXPECTATION = ("steps", 0, "expect", 0)
WRONG = [
    ((*EXPECTATION, "metric"), "chaos_controller_manager_chaos_experiment"),
    ((*EXPECTATION, "where", "fase"), "running"),
    ((*EXPECTATION, "where", "phase"), "runing"),
    ((*EXPECTATION, "where", "kind"), "PodChoas"),
    ((*EXPECTATION, "equals", "oracle"), "experiment"),
    ((*EXPECTATION, "equals", "fase"), "running"),
    ((*EXPECTATION, "equals", "phase"), "runing"),
    ((*EXPECTATION, "known_issue", "id"), "nobody-knows-it"),
    ((*EXPECTATION, "level"), "may"),
    ((*EXPECTATION, "present"), True),
    (("steps", 0, "expect", 1, "panel", "dashboard"), "nowhere"),
    (("steps", 0, "expect", 1, "panel", "title"), "Nothing"),
    (("steps", 0, "expect", 1, "promql"), "up"),
    (("steps", 0, "proof", "oracle"), "pod-uid"),
    (("steps", 0, "proof", "sinc"), []),
    (("steps", 0, "until"), "finnished"),
    (("steps", 1, "restart", "component"), "chaos-deamon"),
    (("steps", 2, "allow"), "chaos-deamon"),
    (("needs",), ["netemm"]),
    (("workload",), "mini"),
    (("chaos", "kill", "kind"), "PodChoas"),
    (("chaos", "kill", "spec", "action"), "pod-kil"),
    (("chaos", "kill", "spec", "duraton"), "3s"),
    (("chaos", "kill", "spec", "gracePeriod"), "3"),
    (("step",), []),
]


def changed(at: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(document())
    inner: Any = whole
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return whole


def test_the_document_that_the_wrong_ones_are_made_of_fits() -> None:
    assert problems(document()) == []


@pytest.mark.parametrize(("at", "value"), WRONG)
def test_what_is_wrong_does_not_fit(at: tuple[str | int, ...], value: Any) -> None:
    assert problems(changed(at, value))


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ((*EXPECTATION, "where", "phase"), "${parameters.phase}"),
        ((*EXPECTATION, "where", "phase"), {"matches": "running|paused"}),
        ((*EXPECTATION, "equals", "phase"), "${parameters.phase}"),
        ((*EXPECTATION, "equals"), {"oracle": "tc-qdiscs", "in": "${kill.targets[0]}"}),
        (
            (*EXPECTATION, "equals"),
            {"oracle": "tc-qdiscs", "in": [{"namespace": "n", "pod": "p", "container": "c"}]},
        ),
        ((*EXPECTATION, "metric"), "${parameters.metric}"),
        (("chaos", "kill", "spec", "action"), "${parameters.action}"),
        (("chaos", "kill", "spec"), "${parameters.spec}"),
    ],
)
def test_templates_and_matchers_fit_where_names_are_known(at: tuple[str | int, ...], value: Any) -> None:
    assert problems(changed(at, value)) == []


def test_an_included_file_holds_chaos_alone() -> None:
    chaos = {"chaos": document()["chaos"]}
    assert problems(chaos, include=True) == []
    assert problems({**chaos, "steps": []}, include=True)
    assert problems({}, include=True)
    misspelt = {"chaos": {"kill": {"kind": "PodChaos", "spec": {**SPEC, "action": "pod-kil"}}}}
    assert problems(misspelt, include=True)


def undescribed(of: dict[str, Any]) -> Iterator[str]:
    """Yield the keys of the language without a description; fields of specs are Chaos Mesh's."""
    for name, definition in [("", of), *of["$defs"].items()]:
        if not name.startswith("Spec."):
            for key, each in definition.get("properties", {}).items():
                if not each.get("description"):
                    yield f"{name}.{key}"


def test_each_key_has_a_description_and_each_schema_an_identity() -> None:
    whole = schema.schema()
    assert list(undescribed(whole)) == []
    assert whole["$id"] != include_schema(whole)["$id"]
    assert all(each.startswith("urn:") for each in (whole["$id"], include_schema(whole)["$id"]))
    assert "Attributes:" not in json.dumps(whole)


def test_the_command_prints_either(capsys: pytest.CaptureFixture[str]) -> None:
    for words, path in (([], schema.NAME), (["--include"], schema.INCLUDE_NAME)):
        assert cli.main(["schema", *words]) == ExitCode.OK
        assert capsys.readouterr().out == (bundled.root() / "docs" / path).read_text()
