import json

import pytest

from harness.oracles.archives import (
    ArchivedExperiments,
    ArchivedSchedules,
    ArchivedWorkflows,
    StoredExperiments,
    StoredSchedules,
    StoredWorkflows,
)
from harness.oracles.base import OracleError

DASHBOARD = "chaos-dashboard"


def archive(kind, namespace="n"):
    return {"uid": "u", "kind": kind, "namespace": namespace, "name": "x"}


def answers(cluster, path, *archives, status=200):
    cluster.answers[DASHBOARD, path] = (status, json.dumps(archives).encode())


def test_experiments_are_counted_by_kind(cluster, read):
    answers(cluster, "api/archives", archive("PodChaos"), archive("PodChaos"), archive("StressChaos"))
    assert read(ArchivedExperiments) == {("n", "PodChaos"): 2, ("n", "StressChaos"): 1}
    assert cluster.executed == [(DASHBOARD, "api/archives", {"namespace": "n"})]


def test_archives_of_other_namespaces_do_not_count(cluster, read):
    answers(cluster, "api/archives", archive("PodChaos"), archive("PodChaos", "other"))
    answers(cluster, "api/archives/schedules", archive("Schedule", "other"))
    assert read(ArchivedExperiments) == {("n", "PodChaos"): 1}
    assert read(ArchivedSchedules) == {}


def test_schedules_and_workflows_are_counted(cluster, read):
    answers(cluster, "api/archives/schedules", archive("Schedule"), archive("Schedule"))
    answers(cluster, "api/archives/workflows", archive("Workflow"))
    assert read(ArchivedSchedules) == {("n",): 2}
    assert read(ArchivedWorkflows) == {("n",): 1}


@pytest.mark.parametrize("oracle", [ArchivedExperiments, ArchivedSchedules, ArchivedWorkflows])
def test_a_dashboard_that_does_not_list_gives_no_answer(cluster, read, oracle):
    for path in ("api/archives", "api/archives/schedules", "api/archives/workflows"):
        answers(cluster, path, status=503)
    with pytest.raises(OracleError, match="HTTP 503"):
        read(oracle)
    for path in ("api/archives", "api/archives/schedules", "api/archives/workflows"):
        cluster.answers[DASHBOARD, path] = (200, b"<html>")
    with pytest.raises(OracleError, match="no JSON"):
        read(oracle)


def test_what_is_stored_is_counted_whether_archived_or_not(cluster, read):
    answers(cluster, "api/archives", archive("PodChaos"))
    answers(
        cluster, "api/experiments", archive("PodChaos"), archive("TimeChaos"), archive("PodChaos", "other")
    )
    assert read(StoredExperiments) == {("n", "PodChaos"): 2, ("n", "TimeChaos"): 1}
    for kind, oracle in (("schedules", StoredSchedules), ("workflows", StoredWorkflows)):
        answers(cluster, f"api/archives/{kind}", archive("Any"))
        answers(cluster, f"api/{kind}", archive("Any"), archive("Any"))
        assert read(oracle) == {("n",): 3}
