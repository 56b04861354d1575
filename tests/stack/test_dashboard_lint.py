"""What ships has nothing to find, and each thing that is taken away is found."""

import copy
import json

import pytest
import yaml

from harness.base import bundled
from harness.base.errors import ExitCode
from harness.stack import kube_prometheus
from harness.stack.dashboard_lint import dashboard_problems, main, rule_problems

FOLDER = bundled.fixtures()
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in (FOLDER / "dashboards").glob("*.json")}
RULES = yaml.safe_load((FOLDER / "alerts/chaos-mesh.yaml").read_text())["groups"]
PANELS = [
    (name, index)
    for name, dashboard in DASHBOARDS.items()
    for index, panel in enumerate(dashboard["panels"])
    if panel["type"] != "row"
]


def test_what_ships_has_no_problem(capsys):
    assert main([]) == ExitCode.OK
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("name", "index"), PANELS)
def test_a_panel_that_lacks_something_is_named(name, index):
    for change in (
        lambda panel: panel.pop("description"),
        lambda panel: panel["fieldConfig"]["defaults"].update(unit=""),
        lambda panel: panel["targets"][0].update(expr="chaos_things_total"),
        lambda panel: panel["targets"][0].update(expr="sum(chaos_things_count) / sum(rate(chaos_sum[5m]))"),
    ):
        dashboard = copy.deepcopy(DASHBOARDS[name])
        change(dashboard["panels"][index])
        (problem,) = dashboard_problems(dashboard)
        assert dashboard["panels"][index]["title"] in problem


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "stat"},
        {"type": "gauge"},
        {"targets": [{"expr": 'sum(up{job="a"})'}]},
        {"targets": [{"expr": "workqueue_depth"}]},
    ],
)
def test_a_state_needs_thresholds(changes):
    dashboard = copy.deepcopy(DASHBOARDS["overview"])
    panel = next(each for each in dashboard["panels"] if each["title"] == "Experiments by kind")
    assert list(dashboard_problems(dashboard)) == []
    panel.update(changes)
    assert list(dashboard_problems(dashboard)) == [
        "panel 'Experiments by kind': it shows a state, and has no thresholds"
    ]


@pytest.mark.parametrize("key", ["annotations", "links", "description", "templating"])
def test_a_dashboard_that_lacks_something_is_found(key):
    without = {**DASHBOARDS["daemon"], key: {"list": []} if key == "templating" else {}}
    assert len(list(dashboard_problems(without))) == 1


@pytest.mark.parametrize("key", ["summary", "description", "runbook_url", "severity"])
def test_a_rule_that_lacks_something_is_named(key):
    groups = copy.deepcopy(RULES)
    for rule in groups[0]["rules"]:
        rule["annotations"].pop(key, None)
        rule["labels"].pop(key, None)
    found = list(rule_problems(groups))
    assert len(found) == len(RULES[0]["rules"])
    assert all(key in problem for problem in found)


def test_files_of_others_are_checked_too(tmp_path, capsys):
    rules = tmp_path / "mine.yaml"
    rules.write_text("groups: [{name: mine, rules: [{alert: Mine, expr: up == 0}]}]")
    assert main([str(rules)]) == ExitCode.FAILED
    assert "mine.yaml: alert Mine: it has no runbook_url" in capsys.readouterr().out
    rules.write_text("[]")
    assert main([str(rules)]) == ExitCode.USAGE
    assert main([str(tmp_path / "none.json")]) == ExitCode.USAGE


def test_what_the_operator_takes_is_made_of_the_same_files():
    folder = FOLDER / kube_prometheus.FOLDER
    made = kube_prometheus.made()
    for name, text in made.items():
        assert (folder / name).read_text() == text, "run: python -m harness.stack.dashboards"
    assert yaml.safe_load(made["prometheus-rule.yaml"])["spec"]["groups"] == RULES
    maps = list(yaml.safe_load_all(made["dashboards.yaml"]))
    shown = {key: json.loads(text) for each in maps for key, text in each["data"].items()}
    assert shown == {f"{name}.json": dashboard for name, dashboard in DASHBOARDS.items()}
    resources = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert sorted(resources) == sorted(
        path.name for path in folder.glob("*.yaml") if path.stem != "kustomization"
    )


def test_the_monitors_find_what_our_own_prometheus_scrapes():
    monitors = list(yaml.safe_load_all((FOLDER / "kube-prometheus/service-monitors.yaml").read_text()))
    components = {each["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] for each in monitors}
    assert components == {"controller-manager", "chaos-daemon", "chaos-dashboard"}
    for each in monitors:
        (endpoint,) = each["spec"]["endpoints"]
        assert endpoint["honorLabels"] is True
        assert {rule["targetLabel"] for rule in endpoint["relabelings"]} == {"instance", "node"}
