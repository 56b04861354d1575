"""`chaos-harness images`: all that a mirror has to have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import cli
from harness.image_build import names
from harness.image_build.registry import CHARTS_VARIABLE
from harness.stack.mirror import REGISTRY_VARIABLE
from harness.stack.pulling import OPTIONAL

ROLES = {*names.ROLES, "node", "grafana"}


@pytest.fixture(autouse=True)
def _no_mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in (REGISTRY_VARIABLE, CHARTS_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(["images", *words]) == 0
    return capsys.readouterr().out


def test_every_image_and_the_chart_are_listed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = listed(capsys).splitlines()
    assert len(lines) == len(ROLES) + 1
    assert all(line.count(" ") == 0 and ":" in line for line in lines[:-1])
    assert lines[-1].startswith("https://charts.chaos-mesh.org/chaos-mesh ")


def test_versions_are_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    text = listed(capsys, "--chaos-mesh-version", "v2.7.3", "--kubernetes-version", "1.34.11")
    assert "ghcr.io/chaos-mesh/chaos-daemon:v2.7.3\n" in text
    assert "docker.io/kindest/node:v1.34.11\n" in text
    assert text.endswith(" 2.7.3\n")


def test_a_mirror_has_a_name_of_its_own_for_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REGISTRY_VARIABLE, "mirror:5000/team")
    found = json.loads(listed(capsys, "--json"))
    assert {each["role"] for each in found["images"]} == ROLES
    assert {each["role"] for each in found["images"] if each["optional"]} == OPTIONAL
    assert all(each["used"].startswith("mirror:5000/team/") for each in found["images"])
    assert not any("mirror" in each["public"] for each in found["images"])
    assert found["chart"]["name"] == "oci://mirror:5000/team/charts/chaos-mesh"


@pytest.mark.parametrize("words", [("--chaos-mesh-version", "latest"), ("--kubernetes-version", "latest")])
def test_what_is_no_version_is_refused(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert cli.main(["images", *words]) == 4
