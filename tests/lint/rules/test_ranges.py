# ruff: noqa: E501  (messages are asserted whole)
import pytest

STARTED = "grpc_server_started_total"


@pytest.mark.parametrize(
    ("promql", "interval"),
    [
        (f"rate({STARTED}[2s])", 1),
        (f"rate({STARTED}[2s])", 0.5),
        (f"rate({STARTED}[10s])", 1),
        (f"rate({STARTED}[${{range}}])", 1),
        (f"rate({STARTED}[${{n}}s])", 1),
        ("max_over_time(chaos_daemon_ipset_members[5s:1s])", 1),
        ("max_over_time(rate(grpc_server_started_total[5s])[5s:1s])", 1),
    ],
)
def test_ranges_that_hold_enough_and_no_more(promql, interval, check):
    assert check(f"promql: {promql}; equals: 3", interval=interval) == []


@pytest.mark.parametrize(
    ("promql", "interval", "expected"),
    [
        (
            f"rate({STARTED}[1s])",
            1,
            f"6:7: the range of `{STARTED}[1s]` is shorter than two scrapes (2s), and often holds fewer than two samples (did you mean `[5s]`?)",
        ),
        (
            f"rate({STARTED}[900ms])",
            0.5,
            f"6:7: the range of `{STARTED}[900ms]` is shorter than two scrapes (1s), and often holds fewer than two samples (did you mean `[2500ms]`?)",
        ),
        (
            f"rate({STARTED}[5s])",
            15,
            f"6:7: the range of `{STARTED}[5s]` is shorter than two scrapes (30s), and often holds fewer than two samples (did you mean `[75s]`?)",
        ),
        (
            "max_over_time(chaos_daemon_ipset_members[5s:])",
            1,
            "6:7: `chaos_daemon_ipset_members[5s:]` has no step: Prometheus' default is a minute, whatever the scrapes (did you mean `[5s:1s]`?)",
        ),
        (
            "max_over_time(chaos_daemon_ipset_members[5s:500ms])",
            1,
            "6:7: the step of `chaos_daemon_ipset_members[5s:500ms]` is shorter than a scrape (1s): it sees samples twice (did you mean `[5s:1s]`?)",
        ),
        (
            "max_over_time(chaos_daemon_ipset_members[5s:3s])",
            1,
            "6:7: `chaos_daemon_ipset_members[5s:3s]` is shorter than two of its steps (did you mean `[6s:3s]`?)",
        ),
        (
            f"rate({STARTED}[1m])",
            1,
            f"6:7: `rate({STARTED}[1m])` looks back 60s, and is decided within 10s (10 scrapes): what was before the step decides it;"
            " take a shorter range, or a later `deadline`",
        ),
        (
            f"max_over_time(rate({STARTED}[6s])[5s:1s])",
            1,
            f"6:7: `max_over_time(rate({STARTED}[6s])[5s:1s])` looks back 11s, and is decided within 10s (10 scrapes): what was before the step"
            " decides it; take a shorter range, or a later `deadline`",
        ),
    ],
)
def test_ranges_that_do_not_fit_the_scrapes(promql, interval, expected, check):
    assert check(f"promql: {promql}; equals: 3", interval=interval) == [expected]


def test_a_later_deadline_allows_a_longer_range(check):
    assert check(f"promql: rate({STARTED}[1m]); equals: 3; deadline: 60") == []
    assert check(f"promql: rate({STARTED}[1m]); equals: 3; deadline: 59") != []
