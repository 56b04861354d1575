"""What scenarios are for releases that lack a metric, a label, a kind, or a known issue."""

import pytest

from harness.base import bundled
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.known_issues import known_issues
from harness.chaosmesh.release import Release
from harness.lint.check import load_checked
from harness.runner.of_release import lacking, of_release
from harness.scenario.model import Expectation, Scenario

NEWEST = "v2.8.4"


def scenario(*expected, kind="TimeChaos", spec=None):
    return Scenario.model_validate(
        {
            "scenario": "s",
            "about": "It is about something.",
            "chaos": {"c": {"kind": kind, "spec": spec or {}}},
            "steps": [{"wait": 1, "expect": list(expected)}],
        }
    )


def about(metric, **where):
    return {"metric": metric, "where": where, "present": True}


def reasons(release, *expected, **more):
    return lacking(scenario(*expected, **more), catalogue(), Release.of(release))


def expectation(release, **more):
    stated = {"metric": "m", "equals": 1, **more}
    ((step,),) = [of_release(scenario(stated), Release.of(release)).steps]
    (found,) = step.expect
    return found


@pytest.mark.parametrize("release", [NEWEST, "v2.8.0", "v2.8.4+ (47411975a8cb)", "latest", "v2.9.0"])
def test_a_newer_release_lacks_nothing(release):
    assert (
        reasons(release, about("chaos_daemon_tcs_rules"), about("workqueue_depth", controller="schedule-gc"))
        == []
    )


@pytest.mark.parametrize(
    ("release", "expected", "reason"),
    [
        ("v2.7.0", about("chaos_daemon_tcs_rules"), "chaos_daemon_tcs_rules: since v2.7.1; this is v2.7.0"),
        (
            "chart-2.7.3-source-0a1b2c3d",
            about("controller_runtime_reconcile_panics_total"),
            "controller_runtime_reconcile_panics_total: since v2.8.0; this is v2.7.3",
        ),
        (
            "v2.7.3",
            about("workqueue_depth", controller="schedule-gc"),
            "workqueue_depth has no label controller; this is v2.7.3",
        ),
        (
            "v2.2.0",
            about("grpc_server_handled_total", grpc_method="ApplyBlockChaos"),
            'grpc_server_handled_total with grpc_method="ApplyBlockChaos": since v2.3.0; this is v2.2.0',
        ),
        # What is gone is there in an old release: it would not be absent.
        ("v2.7.0", about("chaos_daemon_tcs"), "chaos_daemon_tcs: since v2.2.0 until v2.7.0; this is v2.7.0"),
        (
            "v2.7.3",
            {"promql": "sum(rate(controller_runtime_webhook_panics_total[1m]))", "present": True},
            "controller_runtime_webhook_panics_total: since v2.8.0; this is v2.7.3",
        ),
    ],
)
def test_what_a_release_does_not_have_is_a_reason_not_to_run(release, expected, reason):
    assert reasons(release, expected, expected) == [reason]


def test_a_kind_that_a_release_does_not_have_is_a_reason_not_to_run():
    assert reasons("v2.2.0", kind="BlockChaos") == ["BlockChaos: since v2.3.0; this is v2.2.0"]
    assert reasons("v2.3.0", kind="BlockChaos") == []


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("JVMChaos", {"returnValue": "1"}),
        ("Schedule", {"type": "JVMChaos", "jvmChaos": {"returnValue": "1"}}),
        ("Workflow", {"templates": [{"name": "a"}, {"jvmChaos": {"returnValue": "1"}}]}),
        ("Workflow", {"templates": [{"schedule": {"jvmChaos": {"returnValue": "1"}}}]}),
    ],
)
def test_a_field_that_a_release_does_not_have_is_a_reason_not_to_run(kind, spec):
    found = reasons("v2.7.3", kind=kind, spec=spec)
    assert found == ["JVMChaos: spec.returnValue since v2.8.0; this is v2.7.3"]
    assert reasons("v2.8.0", kind=kind, spec=spec) == []
    assert reasons("v2.7.3", kind="JVMChaos", spec={"value": "returnValue"}) == []


def test_a_known_issue_applies_to_the_releases_that_have_it_only():
    issue = {"id": "stressng-options-panic", "shows": {"at_least": 3}}

    assert known_issues()["stressng-options-panic"].fixed == "master"
    for release in ("v2.2.0", "v2.7.3", NEWEST, "v2.8.4+6 (0cd35c4d6908)"):
        assert expectation(release, known_issue=issue) == Expectation.model_validate(
            {"metric": "m", "equals": 1, "known_issue": issue}
        )
    for release in ("v2.1.8", "latest", "v2.9.0"):
        assert expectation(release, known_issue=issue).known_issue is None


def test_it_says_that_the_issue_is_none_of_the_release():
    issue = {"id": "stressng-options-panic", "shows": {"at_least": 3}}
    why = "unreleased does not have the known issue stressng-options-panic (since v2.2.0, fixed in master)"

    assert expectation("latest", known_issue=issue).because == why
    assert expectation("latest", known_issue=issue, because="it must").because == f"it must; {why}"


def test_without_known_issues_a_scenario_stays_as_it_is():
    stated = scenario(about("chaos_daemon_tcs_rules"))

    assert of_release(stated, Release.of("v2.0.0")) is stated


def test_all_that_ships_runs_on_the_pinned_release_and_on_the_main_branch():
    files = [file for path in sorted(bundled.scenarios().rglob("*.yaml")) for file in load_if_scenario(path)]

    assert len(files) > 100
    for release in (NEWEST, "latest"):
        assert {file.name: lacking(file.scenario, catalogue(), Release.of(release)) for file in files} == {
            file.name: [] for file in files
        }


def load_if_scenario(path):
    return [] if path.name.startswith("_") else load_checked(path)
