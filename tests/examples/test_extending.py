"""The repository of a user in examples/extending: all that docs/extending.md shows is linted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.base import bundled

ROOT = bundled.root()
EXAMPLE = ROOT / "examples/extending"
ASKS = """
import json, sys
from pathlib import Path
from harness.chaosmesh import workload
from harness.docs_pages.pages import schema
from harness.chaosmesh.catalogue.own import catalogue_of
from harness.lint.check import check
from harness.runner.conflicts import conflicts_of
said = {}
for path in sorted(Path(sys.argv[1]).glob("greeter-*.yaml")):
    files, problems = check(path)
    said[path.stem] = {
        "problems": [str(each) for each in problems],
        "specs": {name: chaos.spec["selector"] for name, chaos in files[0].scenario.chaos.items()},
        "queries": [each.promql for step in files[0].scenario.steps for each in step.expect if each.promql],
        "alone": conflicts_of(files[0], catalogue_of(path)).alone,
    }
made = schema.schema(Path(sys.argv[1]))
said["schema"] = {
    "workloads": made["$defs"]["Workload"]["properties"]["name"]["anyOf"][0]["enum"],
    "metrics": made["$defs"]["Expectation"]["properties"]["metric"]["anyOf"][0]["enum"],
    "dashboards": made["$defs"]["Panel"]["properties"]["dashboard"]["enum"],
    "oracles": made["$defs"]["Oracle"]["properties"]["oracle"]["anyOf"][0]["enum"],
}
objects = workload.manifests("greeter", "ns-1", "image:1", 2, path)
said["objects"] = objects
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What the harness says of the example, in a process in which its package is installed."""
    site = tmp_path_factory.mktemp("site")
    metadata = site / "greeter_chaos-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter-chaos\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[chaos_harness.oracles]\ngreeters = greeter_oracles:Greeters\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", ASKS, str(EXAMPLE / "scenarios")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, site, EXAMPLE]))},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["greeter-burns", "greeter-killed"])
def test_nothing_is_wrong_with_the_scenarios(said, name):
    assert said[name]["problems"] == []


def test_the_namespace_of_a_manifest_is_the_scenario_s_own(said):
    assert said["greeter-burns"]["specs"] == {
        name: {"namespaces": ["${namespace}"], "labelSelectors": {"app": "greeter"}}
        for name in ("burn", "kill")
    }


def test_a_panel_of_an_own_dashboard_is_its_query(said):
    assert said["greeter-burns"]["queries"] == ['sum(greeter_greetings_total{instance=~"${namespace}/.*"})']


def test_the_workload_is_in_the_scenario_s_namespace_and_found_by_prometheus(said):
    config, service, owner = said["objects"]
    assert {each["metadata"]["namespace"] for each in said["objects"]} == {"ns-1"}
    assert config["data"]["greeter.py"] == (EXAMPLE / "scenarios/workloads/greeter/greeter.py").read_text()
    assert service["metadata"]["name"] == "greeter"
    assert owner["spec"]["replicas"] == 2
    assert owner["spec"]["template"]["metadata"]["labels"] == {
        "app": "greeter",
        "chaos-harness/scrape": "true",
    }
    assert owner["spec"]["template"]["spec"]["containers"][0]["image"] == "image:1"


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ("workloads", "greeter"),
        ("metrics", "greeter_greetings_total"),
        ("dashboards", "greeter"),
        ("oracles", "greeters"),
    ],
)
def test_the_schema_has_the_names_of_what_lies_beside(said, names, name):
    assert name in said["schema"][names]
    assert len(said["schema"][names]) > 1


def test_the_entry_point_is_the_one_of_its_package():
    text = (EXAMPLE / "pyproject.toml").read_text()
    assert '[project.entry-points."chaos_harness.oracles"]\ngreeters = "greeter_oracles:Greeters"' in text


@pytest.mark.parametrize("path", sorted(EXAMPLE.rglob("*.*")), ids=lambda path: path.name)
def test_each_file_is_shown_or_named_by_the_page(path: Path):
    if path.is_file() and path.suffix != ".pyc":
        assert path.name in (ROOT / "docs/extending.md").read_text()
