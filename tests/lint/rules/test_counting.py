# ruff: noqa: E501  (messages are asserted whole)
import pytest

STARTED = "grpc_server_started_total"
MEMBERS = "chaos_daemon_ipset_members"
SECONDS = "chaos_daemon_grpc_server_handling_seconds"


@pytest.mark.parametrize(
    "expectation",
    [
        f"metric: {STARTED}; increases_by: 1",
        "metric: chaos_daemon_iptables_packets; increases_by: 20",
        f"metric: {SECONDS}_count; increases_by: 1",
        f"metric: {SECONDS}_bucket; where: {{le: '0.1'}}; increases_by: 1",
        f"metric: {SECONDS}_bucket; where: {{le: {{matches: '0.1'}}}}; increases_by: 1",
        "metric: go_whatever; increases_by: 1",
        f"promql: sum({MEMBERS}); increases_by: 1",
        f"promql: sum by (node) ({STARTED}); increases_by: 1",
        f"promql: {STARTED} / 2; increases_by: 1",
        f"promql: {STARTED}; at_least: 1",
    ],
)
def test_what_counts(expectation, check):
    assert check(expectation) == []


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        (
            f"metric: {MEMBERS}; increases_by: 1",
            f"7:7: `{MEMBERS}` is a gauge, of which a fall counts as a restart; expect its value, or that it is `unchanged`",
        ),
        (
            f"metric: {SECONDS}_bucket; increases_by: 1",
            f"6:7: `{SECONDS}_bucket` counts each observation in several buckets; name one with `le` in `where`"
            f" (did you mean `{SECONDS}_count`?)",
        ),
        (
            f"promql: {STARTED}; increases_by: 1",
            f"6:7: `{STARTED}` falls when a counter restarts, which nobody can tell from a wrong value;"
            f" use `metric: {STARTED}` with `where`: it adds up the counters, restarts included",
        ),
        (
            f"promql: sum({STARTED}); increases_by: 1",
            f"6:7: `sum({STARTED})` falls when a counter restarts, which nobody can tell from a wrong value;"
            f" use `metric: {STARTED}` with `where`: it adds up the counters, restarts included",
        ),
    ],
)
def test_what_does_not(expectation, expected, check):
    assert check(expectation) == [expected]


def test_what_a_known_issue_shows_counts_too(check):
    told = check(f"metric: {MEMBERS}; equals: 0; known_issue: {{id: x, shows: {{increases_by: 3}}}}")

    assert told == [
        f"8:36: `{MEMBERS}` is a gauge, of which a fall counts as a restart; expect its value, or that it is `unchanged`"
    ]
