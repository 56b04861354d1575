"""A panel's query takes the place of `panel`, with its variables; what is wrong is told at its place."""

import json
from typing import Any

import pytest

from harness.base.errors import UsageError
from harness.scenario import panels
from harness.scenario.parameters import Case
from harness.scenario.positions import Place, Positions

DASHBOARD = {
    "templating": {"list": [{"name": "datasource"}, {"name": "namespace", "allValue": ".*"}]},
    "panels": [
        {"title": "A row", "type": "row"},
        {"title": "Now", "targets": [{"refId": "A", "expr": 'sum(x{namespace=~"$namespace"})'}]},
        {
            "title": "Rate",
            "targets": [
                {"refId": "A", "expr": "rate(y[$__rate_interval])"},
                {"refId": "B", "expr": 'z{namespace=~"${namespace}", text="$other"}'},
            ],
        },
    ],
}
KNOWN = {"main": DASHBOARD}


def resolved(tmp_path, expectation, interval=1.0):
    at = ("steps", 0, "expect", 0)
    places = {(*at, "panel"): Place(7, 9), (*at, "panel", "title"): Place(8, 3)}
    data: dict[str, Any] = {"scenario": "s", "steps": [{"expect": [expectation]}]}
    case, problems = panels.with_panels(
        tmp_path / "s.yaml", Case(None, data, Positions(places)), interval, KNOWN
    )
    assert data["steps"][0]["expect"] == [expectation], "what was given is left alone"
    return case, problems


@pytest.mark.parametrize(
    ("panel", "promql"),
    [
        ({"title": "Now"}, 'sum(x{namespace=~".*"})'),
        ({"title": "Now", "variables": {"namespace": "${namespace}"}}, 'sum(x{namespace=~"${namespace}"})'),
        ({"title": "Rate"}, "rate(y[4000ms])"),
        ({"title": "Rate", "variables": {"__rate_interval": "10s"}}, "rate(y[10s])"),
        ({"title": "Rate", "query": "B"}, 'z{namespace=~".*", text="$other"}'),
    ],
)
def test_the_query_is_put_in_with_its_variables(tmp_path, panel, promql):
    case, problems = resolved(tmp_path, {"panel": {"dashboard": "main", **panel}, "equals": 1})
    assert problems == []
    assert case.data["steps"][0]["expect"] == [{"promql": promql, "equals": 1}]
    assert case.positions.at(("steps", 0, "expect", 0, "promql")).line == 7


def test_the_interval_of_a_rate_goes_with_that_of_the_scrapes(tmp_path):
    case, _ = resolved(tmp_path, {"panel": {"dashboard": "main", "title": "Rate"}, "equals": 1}, 2.5)
    assert case.data["steps"][0]["expect"][0]["promql"] == "rate(y[10000ms])"


@pytest.mark.parametrize(
    ("panel", "line", "message"),
    [
        ({"dashboard": "mian", "title": "Now"}, 7, "there is no dashboard `mian`; there is: main"),
        ({"dashboard": "main", "title": "Nwo"}, 8, "has no panel `Nwo`; it has: Now, Rate"),
        ({"dashboard": "main", "title": "A row"}, 8, "has no panel `A row`"),
        ({"dashboard": "main", "title": "Rate", "query": "C"}, 7, "has no query `C`; it has: A, B"),
        (
            {"dashboard": "main", "title": "Now", "variables": {"node": "n"}},
            7,
            "has no variable `node`; it has: namespace, __rate_interval, datasource",
        ),
        ({"dashboard": "main"}, 8, "field required"),
        ("main", 7, "valid dictionary"),
    ],
)
def test_what_is_not_there_is_named(tmp_path, panel, line, message):
    case, problems = resolved(tmp_path, {"panel": panel, "equals": 1})
    ((told_line, told),) = [(problem.line, problem.message) for problem in problems]
    assert message in told
    assert told_line == line
    assert case.data["steps"][0]["expect"][0]["panel"] == panel


def test_a_panel_takes_the_place_of_metric_and_promql(tmp_path):
    for other in ("metric", "promql"):
        panel = {"panel": {"dashboard": "main", "title": "Now"}, other: "up", "equals": 1}
        _, problems = resolved(tmp_path, panel)
        assert [problem.message for problem in problems] == [
            "an expectation takes exactly one of `metric`, `promql` and `panel`"
        ]


def test_steps_that_are_none_are_left_to_the_model(tmp_path):
    wrong: list[Any] = [None, 3, ["x"], [{"expect": "x"}], [{"expect": [3]}], [{}]]
    for steps in wrong:
        case = Case(None, {"steps": steps}, Positions({}))
        found, problems = panels.with_panels(tmp_path / "s.yaml", case, 1.0, KNOWN)
        assert (found.data, problems) == (case.data, [])


def test_a_folder_of_dashboards_is_read_by_the_names_of_its_files(tmp_path):
    (tmp_path / "main.json").write_text(json.dumps(DASHBOARD))
    assert panels.load(tmp_path) == KNOWN
    (tmp_path / "other.json").write_text("{")
    with pytest.raises(UsageError, match=r"other\.json: no dashboard"):
        panels.load(tmp_path)


EXPORTED = {
    "panels": [
        {"title": "Logs", "targets": [{"refId": "A", "query": "{app=~'x'}"}]},
        {
            "title": "Row",
            "panels": [{"title": "Inner", "targets": [{"expr": 'up{ns="$ns", i="$__interval"}'}]}],
        },
    ],
    "templating": {"list": [{"name": "ns", "allValue": None, "type": "query"}]},
}


def case_of(panel):
    return Case(None, {"steps": [{"expect": [{"panel": panel, "equals": 1}]}]}, Positions({}))


def test_a_dashboard_as_grafana_exports_it_beside_the_scenario(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards/own.json").write_text(json.dumps(EXPORTED))
    (tmp_path / "dashboards/broken.json").write_text("{")
    path = tmp_path / "deep/er/s.yaml"
    path.parent.mkdir(parents=True)
    panel = {"dashboard": "own", "title": "Inner", "variables": {"ns": "a"}}
    known = panels.dashboards_of(path, case_of(panel))
    case, problems = panels.with_panels(path, case_of(panel), 1.0, known)
    assert problems == []
    assert case.data["steps"][0]["expect"][0]["promql"] == 'up{ns="a", i="1000ms"}'
    without = case_of({"dashboard": "own", "title": "Inner"})
    _, (problem,) = panels.with_panels(path, without, 1.0, known)
    assert "the variable `ns` of the dashboard `own` has no value that stands for all" in problem.message
    with pytest.raises(UsageError, match="is no dashboard as Grafana exports it"):
        panels.dashboards_of(path, case_of({"dashboard": "broken", "title": "x"}))


def test_a_dashboard_beside_the_scenario_has_a_name_of_its_own(tmp_path):
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards/overview.json").write_text(json.dumps(EXPORTED))
    with pytest.raises(UsageError, match="`overview` is a dashboard of the harness, too"):
        panels.dashboards_of(tmp_path / "s.yaml", case_of({"dashboard": "overview", "title": "x"}))


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/b", ".."])
def test_the_name_of_a_dashboard_is_no_path(tmp_path, name):
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (tmp_path / "outside.json").write_text(json.dumps(EXPORTED))
    found = panels.dashboards_of(folder / "s.yaml", case_of({"dashboard": name, "title": "x"}))
    assert found == panels.dashboards()
