"""The rules that Prometheus gets: those that ship, with shorter times."""

from pathlib import Path

import pytest
import yaml

from harness.base import bundled
from harness.base.errors import UsageError
from harness.stack import alerts

ROOT = Path(__file__).resolve().parents[2]


def rules(text):
    return {rule["alert"]: rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]}


def shipped():
    return {name: rule for path in alerts.files() for name, rule in rules(path.read_text()).items()}


def test_all_rules_that_ship_are_given_and_only_their_times_differ():
    given = rules(alerts.sooner(1.0))
    assert {name: {**rule, "for": None} for name, rule in given.items()} == {
        name: {**rule, "for": None} for name, rule in shipped().items()
    }
    assert len(given) >= 5


def test_what_has_to_last_is_shortened_to_no_less_than_a_scrape():
    assert shipped()["ChaosExperimentStuckInjecting"]["for"] == "5m"
    assert rules(alerts.sooner(1.0))["ChaosExperimentStuckInjecting"]["for"] == "3000ms"
    assert rules(alerts.sooner(5.0))["ChaosExperimentStuckInjecting"]["for"] == "5000ms"
    assert "for" not in rules(alerts.sooner(1.0))["ChaosInjectionFails"]


def test_each_rule_has_its_labels_its_words_and_a_unit_test():
    tested = {
        case["alertname"]
        for path in alerts.tests()
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case.get("exp_alerts")
    }
    for name, rule in shipped().items():
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, name
        assert rule["labels"]["severity"] in ("info", "warning", "critical"), name
    assert tested == set(shipped())


def test_each_runbook_is_a_section_of_the_page_about_alerts():
    page = (ROOT / "docs/alerts.md").read_text()
    sections = {f"docs/alerts.md#{line.removeprefix('### ').lower()}" for line in page.splitlines()}
    for name, rule in shipped().items():
        assert rule["annotations"]["runbook_url"] in sections, name


def test_each_alert_is_fired_by_a_scenario():
    scenarios = "".join(path.read_text() for path in bundled.scenarios().rglob("*.yaml"))
    assert [name for name in shipped() if name not in scenarios] == []


@pytest.mark.parametrize(("written", "seconds"), [("5m", 300), ("1h30m", 5400), ("90s", 90), ("2d", 172800)])
def test_a_duration_is_read(written, seconds):
    assert alerts.seconds(written) == seconds


@pytest.mark.parametrize("written", ["", "5", "m", "5 m", "1w", "5m,"])
def test_what_is_no_duration_is_refused(written):
    with pytest.raises(UsageError, match="is not a duration"):
        alerts.seconds(written)


OWN = """\
groups:
  - name: own
    interval: 5m
    rules:
      - {record: "app:rate", expr: "rate(app_total[1m])"}
      - {alert: AppIsSilent, expr: "app:rate == 0", for: 10m}
"""


def test_rules_of_a_user_are_beside_ours_and_shortened_alike(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    groups = yaml.safe_load(alerts.sooner(1.0, [path]))["groups"]
    assert len(groups) == len(yaml.safe_load(alerts.sooner(1.0))["groups"]) + 1
    assert groups[-1] == {
        "name": "own",
        "rules": [
            {"record": "app:rate", "expr": "rate(app_total[1m])"},
            {"alert": "AppIsSilent", "expr": "app:rate == 0", "for": "6000ms"},
        ],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no `groups`"),
        ("groups: []", "has no `groups`"),
        ("groups: [{name: a}]", "a group has a `name` and `rules`"),
        (OWN + OWN.removeprefix("groups:\n"), "another file has a group `own`"),
        (OWN.replace("name: own", f"name: {yaml.safe_load(alerts.sooner(1))['groups'][0]['name']}"), "too"),
        (OWN.replace("alert: AppIsSilent, ", ""), "neither `alert` nor `record`"),
        (OWN.replace("expr:", "exp:"), "has no `expr`"),
        (OWN.replace("10m", "soon"), "soon"),
        ("a: [", "own.yaml"),
    ],
)
def test_a_file_that_holds_no_rules_is_refused(tmp_path, text, said):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        alerts.sooner(1.0, [path])


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"none\.yaml"):
        alerts.sooner(1.0, [tmp_path / "none.yaml"])
