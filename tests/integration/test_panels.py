"""What panels show of counters, as Prometheus' own engine evaluates their queries."""

import subprocess

import pytest
import yaml

from harness.scenario.panels import dashboards, queries
from tests.integration.test_alert_rules import promtool  # noqa: F401  (a fixture)

pytestmark = pytest.mark.integration

EVENTS = 'chaos_controller_manager_emitted_event_total{type="Normal", reason="Applied", namespace="a"}'
SHOWN = '{type="Normal", reason="Applied", namespace="a"}'


@pytest.mark.parametrize(
    ("values", "at", "shown"),
    [
        pytest.param("_x20 3x20", "21s", 3, id="a series that begins counts from 0"),
        pytest.param("_x20 3x20", "23s", 3, id="and still does within the interval"),
        pytest.param("_x20 3x20", "30s", 0, id="but not after it"),
        pytest.param("5x20 8x20", "22s", 4, id="growth, with the ends of the interval"),
        pytest.param("5x20 8x20", "40s", 0, id="no growth"),
        pytest.param("5x20 2x20", "22s", 2.6666666666666665, id="a process that began again"),
    ],
)
def test_a_counter_is_shown_by_its_growth(promtool, tmp_path, values, at, shown):  # noqa: F811
    query = queries(dashboards()["overview"])["Events", "A"]
    query = query.replace("$namespace", "a").replace("$__rate_interval", "4s")
    case = {
        "interval": "1s",
        "input_series": [{"series": EVENTS, "values": values}],
        "promql_expr_test": [
            {"expr": query, "eval_time": at, "exp_samples": [{"labels": SHOWN, "value": shown}]}
        ],
    }
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"evaluation_interval": "1s", "tests": [case]}))
    done = subprocess.run(
        [promtool, "test", "rules", path], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
