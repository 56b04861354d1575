"""The alert rules as promtool sees them: rules, fired by what they are for and by nothing else."""

import subprocess

import pytest
import yaml

from harness.stack import alerts
from tests.integration.conftest import prometheus_program

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def promtool():
    found = prometheus_program().with_name("promtool")
    if not found.is_file():
        pytest.fail(f"there is no promtool beside {found.parent}/prometheus: chaos-harness build prometheus")
    return found


def run(promtool, *arguments):
    return subprocess.run([promtool, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_the_rules_that_our_prometheus_gets_are_rules(promtool, tmp_path):
    (tmp_path / "rules.yml").write_text(alerts.sooner(1.0))
    checked = run(promtool, "check", "rules", tmp_path / "rules.yml")
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("path", alerts.tests(), ids=lambda path: path.name)
def test_the_unit_tests_of_the_rules_pass(promtool, path):
    tested = run(promtool, "test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("path", alerts.tests(), ids=lambda path: path.name)
def test_each_rule_without_its_condition_fails_the_unit_tests(promtool, path, tmp_path):
    (tmp_path / path.name).write_text(path.read_text())
    rules = path.with_name(path.name.replace(".test", ""))
    written = yaml.safe_load(rules.read_text())
    for index, rule in enumerate(written["groups"][0]["rules"]):
        changed = yaml.safe_load(rules.read_text())
        changed["groups"][0]["rules"][index]["expr"] = rule["expr"].rpartition(" > ")[0] or "up >= 0"
        changed["groups"][0]["rules"][index].pop("for", None)
        (tmp_path / rules.name).write_text(yaml.safe_dump(changed))
        tested = run(promtool, "test", "rules", tmp_path / path.name)
        assert tested.returncode != 0, f"nothing tests the condition of {rule['alert']}"
