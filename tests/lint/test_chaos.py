# ruff: noqa: E501  (messages are asserted whole)
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.lint.chaos import check_against_catalogue
from harness.scenario.load import load

EXPERIMENTS = "metric: chaos_controller_manager_chaos_experiments"

Check = Callable[[str], list[str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Check one expectation, of which each key has a line, from line 6 on."""

    def checked(expectation: str) -> list[str]:
        path = tmp_path / "s.yaml"
        keys = "\n      ".join(expectation.split("; "))
        path.write_text(f"scenario: a\nabout: b\nsteps:\n- wait: 1\n  expect:\n    - {keys}\n")
        return [
            str(problem).removeprefix(f"{tmp_path}/") for problem in check_against_catalogue(load(path)[0])
        ]

    return checked


@pytest.mark.parametrize(
    "expectation",
    [
        f"{EXPERIMENTS}; where: {{namespace: x, kind: PodChaos, phase: running, job: controller-manager}}; equals: 1",
        f"{EXPERIMENTS}; where: {{kind: '${{burn.kind}}', phase: {{not: runing}}, node: n, instance: i}}; equals: 1",
        f"{EXPERIMENTS}; series: [{{kind: PodChaos, phase: running, value: 1}}]",
        f"{EXPERIMENTS}; series: {{oracle: experiments}}",
        "metric: chaos_daemon_grpc_server_handling_seconds_bucket; where: {le: '0.1'}; increases_by: 1",
        "metric: process_start_time_seconds; where: {job: chaos-daemon}; unchanged: true",
        "metric: coredns_anything; where: {whatever: x}; present: true",
        "metric: chaos_controller_manager_chaos_mesh_templates; equals: 0",
        "metric: chaos_daemon_iptables_chains; absent: true",
        "metric: chaos_daemon_tcs; unchanged: true",
        "metric: chaos_daemon_iptables_chains; present: true; known_issue: {id: x, shows: {absent: true}}",
    ],
)
def test_what_chaos_mesh_has_can_be_expected(expectation: str, check: Check) -> None:
    assert check(expectation) == []


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        (
            "metric: chaos_daemon_ipset_member; equals: 1",
            "6:7: the catalogue has no metric `chaos_daemon_ipset_member`; also near: chaos_daemon_iptables_rules, "
            "chaos_daemon_iptables_packet_bytes (did you mean `chaos_daemon_ipset_members`?)",
        ),
        (
            "metric: chaos_daemon_ipset_members; equals: 6; unlike: {set: 3}",
            "8:16: `chaos_daemon_ipset_members` has no twin `set`; it has: any, sets (did you mean `sets`?)",
        ),
        (
            "metric: go_goroutines; equals: 6; unlike: {a: 3}",
            "8:16: `go_goroutines` has no twin `a`; it has: none",
        ),
        ("metric: qqqqqqq; equals: 1", "6:7: the catalogue has no metric `qqqqqqq`"),
        (
            "metric: chaos_dashboard_http_request_duration_seconds; present: true",
            "6:7: `chaos_dashboard_http_request_duration_seconds` is a histogram; its series are"
            " chaos_dashboard_http_request_duration_seconds_bucket, chaos_dashboard_http_request_duration_seconds_sum,"
            " chaos_dashboard_http_request_duration_seconds_count"
            " (did you mean `chaos_dashboard_http_request_duration_seconds_count`?)",
        ),
        (
            f"{EXPERIMENTS}; where: {{phse: running}}; equals: 1",
            "7:15: `chaos_controller_manager_chaos_experiments` has no label `phse`;"
            " it has: namespace, kind, phase, job, instance, node (did you mean `phase`?)",
        ),
        (
            f"{EXPERIMENTS}; where: {{le: '1'}}; equals: 1",
            "7:15: `chaos_controller_manager_chaos_experiments` has no label `le`;"
            " it has: namespace, kind, phase, job, instance, node",
        ),
        (
            f"{EXPERIMENTS}; where: {{phase: runing}}; equals: 1",
            "7:15: the label `phase` of `chaos_controller_manager_chaos_experiments` is never `runing`;"
            " it has: injecting, running, paused, finished, deleting (did you mean `running`?)",
        ),
        (
            f"{EXPERIMENTS}; where: {{kind: podchaos}}; equals: 1",
            "7:15: the label `kind` of `chaos_controller_manager_chaos_experiments` is never `podchaos`"
            " (did you mean `PodChaos`?)",
        ),
        (
            f"{EXPERIMENTS}; where: {{job: chaos-daemon}}; equals: 1",
            "7:15: the label `job` of `chaos_controller_manager_chaos_experiments` is never `chaos-daemon`;"
            " it has: controller-manager",
        ),
        (
            f"{EXPERIMENTS}; series: [{{kind: PodChaos, phase: done, value: 1}}]",
            "7:33: the label `phase` of `chaos_controller_manager_chaos_experiments` is never `done`;"
            " it has: injecting, running, paused, finished, deleting",
        ),
        (
            "metric: chaos_controller_manager_chaos_mesh_templates; increases_by: 1",
            "6:7: `chaos_controller_manager_chaos_mesh_templates` is never written by Chaos Mesh, so `increases_by`"
            " cannot come true; expect `absent`, or name the known issue",
        ),
        (
            "metric: chaos_daemon_iptables_chains; present: true",
            "6:7: `chaos_daemon_iptables_chains` was promised and is not exposed by any version, so `present`"
            " cannot come true; expect `absent`, or name the known issue",
        ),
        (
            "metric: grpc_server_handling_seconds_count; increases_by: 1",
            "6:7: `grpc_server_handling_seconds_count` was renamed after v2.1.8, so `increases_by` cannot come true"
            " (did you mean `chaos_daemon_grpc_server_handling_seconds_count`?)",
        ),
    ],
)
def test_what_it_does_not_have_is_named(expectation: str, expected: str, check: Check) -> None:
    assert check(expectation) == [f"s.yaml:{expected}"]


def test_kinds_of_chaos_are_known(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "scenario: a\nabout: b\nchaos:\n"
        "  x: {kind: StresChaos, spec: {}}\n  y: {kind: Schedule, spec: {}}\n  z: {kind: Workflow, spec: {}}\n"
        "steps: [{apply: x}]\n"
    )

    assert [str(problem) for problem in check_against_catalogue(load(path)[0])] == [
        f"{path}:4:7: Chaos Mesh has no kind `StresChaos` (did you mean `StressChaos`?)"
    ]
