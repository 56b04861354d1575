import json

import pytest

from harness.oracles.base import OracleError
from harness.oracles.grafana import GrafanaDashboards, GrafanaSource

SEARCH = "api/search"
HEALTH = "api/datasources/uid/chaos-harness/health"


def answers(cluster, path, body, status=200):
    cluster.answers["grafana", path] = (status, json.dumps(body).encode())


def test_dashboards_are_listed_by_uid(cluster, read):
    answers(cluster, SEARCH, [{"uid": "a", "title": "A"}, {"uid": "b", "title": "B"}])
    assert read(GrafanaDashboards) == {("a",): 1, ("b",): 1}
    assert cluster.executed == [("grafana", SEARCH, {"type": "dash-db", "tag": "chaos-mesh"})]


def test_a_grafana_without_dashboards_has_none(cluster, read):
    answers(cluster, SEARCH, [])
    assert read(GrafanaDashboards) == {}


@pytest.mark.parametrize(("status", "found"), [("OK", {("chaos-harness",): 1}), ("ERROR", {})])
def test_a_data_source_is_checked_by_grafana(cluster, read, status, found):
    answers(cluster, HEALTH, {"status": status, "message": "..."})
    assert read(GrafanaSource) == found


@pytest.mark.parametrize(("oracle", "path"), [(GrafanaDashboards, SEARCH), (GrafanaSource, HEALTH)])
def test_another_answer_is_none(cluster, read, oracle, path):
    answers(cluster, path, {"message": "not logged in"}, status=401)
    with pytest.raises(OracleError, match=r"HTTP 401: .*not logged in"):
        read(oracle)
    cluster.answers["grafana", path] = (200, b"<html>")
    with pytest.raises(OracleError, match="no JSON"):
        read(oracle)
