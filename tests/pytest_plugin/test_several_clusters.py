"""A run on two clusters: what runs where, and one that does not come up, is lost, or is never waited for.

Real processes, on a stack that is made up (tests/fakes/interrupted_run.py).
"""

import signal
from typing import Any

import pytest

from harness.base.errors import ExitCode, UsageError
from harness.pytest_plugin import further_clusters
from harness.stack.existing.options import ExistingOptions
from harness.stack.options import UpOptions
from tests.pytest_plugin.test_interrupted import Run, cases, names


@pytest.fixture
def start(tmp_path, monkeypatch):
    started = []

    def run(*scenarios, further="up", words=(), **options):
        monkeypatch.setenv("FURTHER", further)
        words = ["--clusters", "2", "--cluster", "c", *words]
        started.append(Run(tmp_path, *scenarios, words=words, **options))
        return started[-1]

    yield run
    for each in started:
        each.close()


def ran_on(found):
    return {each["name"]: each.get("cluster") for each in found["scenarios"]}


def test_what_excludes_each_other_runs_at_the_same_time(start):
    run = start("both-a", "both-b", parallel=2)
    code, out = run.ends()
    assert code == ExitCode.OK, out
    found = run.results()
    assert sorted(ran_on(found).values()) == ["c", "c-2"]
    assert names(found["scenarios"]) == ["both-a", "both-b"]
    clusters = found["run"]["clusters"]
    assert [(each["name"], each["problem"]) for each in clusters] == [("c", None), ("c-2", None)]
    assert all(each["since"] for each in clusters)
    assert found["run"]["options"]["clusters"] == "2"
    assert found["run"]["stack"]["cluster"] == "c"
    assert "progress: c-2 is up: scenarios run on it, too" in out
    assert "clusters: c 1 scenario, c-2 1 scenario" in out
    page = (run.report / "index.html").read_text()
    assert "Clusters: c 1 scenario, c-2 1 scenario" in page
    assert "it ran on the cluster c-2" in page
    assert "clusters: c 1 scenario, c-2 1 scenario" in (run.report / "summary.md").read_text()
    assert '<property name="cluster" value="c-2"' in run.xml.read_text()


def test_the_run_goes_on_without_a_cluster_that_does_not_come_up(start):
    run = start("until1-a", "done-b", further="fails")
    code, out = run.ends()
    assert code == ExitCode.OK, out
    found = run.results()
    assert ran_on(found) == {"until1-a": "c", "done-b": "c"}
    problem = "there is no room; next step: make some"
    assert found["run"]["clusters"][1] == {"name": "c-2", "since": None, "problem": problem}
    assert f"progress: the cluster c-2 is not used: {problem}" in out
    assert f"the cluster c-2 was not used: {problem}" in out.splitlines()
    assert f"The cluster c-2 was not used: {problem}" in (run.report / "index.html").read_text()


def test_a_cluster_that_is_not_as_the_first_one_is_not_used(start, monkeypatch):
    monkeypatch.setenv("VERSION_OF_c-2", "v2.7.0")
    run = start("until1-a", "done-b")
    code, out = run.ends()
    assert code == ExitCode.OK, out
    assert run.results()["run"]["clusters"][1]["problem"] == (
        "it is not as c is: versions {'chaos-mesh': 'v2.7.0'} instead of {'chaos-mesh': 'v2.8.3'}; "
        "next step: chaos-harness down --cluster c-2"
    )


def test_a_run_does_not_wait_for_a_cluster_once_it_has_nothing_to_run(start):
    run = start("done-a", "done-b", further="slow")
    run.hears("comes c-2", "gives up c-2", "removes c-2")
    code, out = run.ends()
    assert code == ExitCode.OK, out
    assert run.results()["run"]["clusters"][1]["problem"] == "the run ended before it was up"
    assert "progress: the cluster c-2 is not used: the run ended before it was up" in out


def test_a_single_scenario_has_one_cluster(start):
    run = start("done-a")
    code, out = run.ends()
    assert code == ExitCode.OK, out
    found = run.results()
    assert ran_on(found) == {"done-a": None}
    assert "clusters" not in found["run"]
    assert "clusters:" not in out


def test_a_cluster_that_is_lost_is_taken_out_and_the_rest_goes_on(start):
    # `both-a` ends only when the other one runs, which is on the other cluster then.
    run = start("both-a", "broken-both-b", "until2-alone-c", "done-d", parallel=2, words=["--audit"])
    code, out = run.ends()
    assert code == ExitCode.INFRASTRUCTURE, out
    found = run.results()
    lost = ran_on(found)["broken-both-b"]
    assert {ran_on(found)[name] for name in ("both-a", "broken-both-b")} == {"c", "c-2"}
    verdicts = {each["name"]: each["verdict"] for each in found["scenarios"]}
    assert verdicts == {
        "both-a": "passed",
        "broken-both-b": "error",
        "until2-alone-c": "passed",
        "done-d": "passed",
    }
    assert ran_on(found)["until2-alone-c"] != lost
    assert found["not_run"] == []
    problems = {each["name"]: each["problem"] or "" for each in found["run"]["clusters"]}
    assert "the API server is gone since" in problems.pop(lost)
    assert [*problems.values()] == [""]
    assert f"progress: nothing runs on {lost} any more: the API server is gone since" in out
    assert f"the cluster {lost} was taken out: the API server is gone since" in out
    (unknown,) = found["contract"]["not_captured"]
    assert unknown.startswith(f"the cluster {lost}: the API server is gone since")


def test_without_any_cluster_the_rest_is_not_run_and_it_is_said_why(start):
    run = start("broken-both-a", "broken-both-b", "alone-c", "alone-d", parallel=2)
    code, out = run.ends()
    assert code == ExitCode.INFRASTRUCTURE, out
    found = run.results()
    assert names(found["scenarios"]) == ["broken-both-a", "broken-both-b"]
    assert names(found["not_run"]) == ["alone-c", "alone-d"]
    assert all("the API server is gone since" in each["reason"] for each in found["not_run"])
    assert cases(run.xml)["alone-d"] == "error"


def test_what_a_killed_run_was_bringing_up_does_not_stay(start):
    run = start("slow-a", "slow-b", further="slow")
    run.hears("comes c-2", "runs slow-a", "runs slow-b")
    run.send(signal.SIGKILL)
    run.hears("gives up c-2", "removes c-2", "cleans slow-a", "cleans slow-b")
    assert run.ends()[0] == -signal.SIGKILL


def test_an_interrupted_run_does_not_wait_for_a_cluster_either(start):
    run = start("slow-a", "stuck-b", further="slow")
    run.hears("comes c-2", "runs slow-a", "runs stuck-b")
    run.send(signal.SIGTERM)
    run.hears("gives up c-2", "removes c-2", "cleans stuck-b")
    run.send(signal.SIGTERM)
    code, out = run.ends()
    assert code == ExitCode.INTERRUPTED, out
    assert names(run.results()["not_run"]) == ["slow-a", "stuck-b"]


@pytest.mark.parametrize(
    ("number", "parallel", "options", "told"),
    [
        (2, 3, {"existing": ExistingOptions("staging")}, "--clusters 2 cannot go with --context"),
        (2, 3, {"uml_worker": True}, "--clusters 2 cannot go with --uml-worker"),
        (2, 1, {}, "--clusters 2 with --parallel 1: there would be a cluster on which nothing runs"),
        (4, 3, {}, "--clusters 4 with --parallel 3"),
        (2, 3, {"cluster": "x" * 39}, "cannot be the name of a cluster"),
    ],
)
def test_several_clusters_are_refused_where_they_make_no_sense(number, parallel, options: Any, told):
    with pytest.raises(UsageError) as refused:
        further_clusters.check(number, parallel, UpOptions(**options))
    assert told in refused.value.problem
    assert refused.value.next_step
    further_clusters.check(1, parallel, UpOptions(**options))


def test_several_clusters_are_fine_where_there_is_something_to_run():
    further_clusters.check(3, 3, UpOptions(cluster="c"))
