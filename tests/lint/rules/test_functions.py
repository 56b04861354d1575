# ruff: noqa: E501  (messages are asserted whole)
import pytest

STARTED = "grpc_server_started_total"
MEMBERS = "chaos_daemon_ipset_members"
BUCKETS = "chaos_daemon_grpc_server_handling_seconds_bucket"


@pytest.mark.parametrize(
    "promql",
    [
        f"rate({STARTED}[5s])",
        f"sum(increase({STARTED}[5s]))",
        "rate(chaos_daemon_iptables_packets[5s])",
        "delta(chaos_daemon_iptables_packets[5s])",
        f"deriv({MEMBERS}[5s])",
        f"changes({MEMBERS}[5s]) + changes({STARTED}[5s])",
        "rate(go_whatever[5s]) + delta(go_whatever[5s])",
        f"histogram_quantile(0.9, sum by (le) (rate({BUCKETS}[5s])))",
        f"'histogram_quantile(0.9, rate({BUCKETS}{{grpc_method=\"SetTcs\"}}[5s]))'",
        f"'sum(increase({BUCKETS}{{le=\"+Inf\"}}[5s]))'",
        f"sum without (node) (rate({BUCKETS}[5s]))",
        f"max_over_time(sum({MEMBERS})[5s:1s])",
    ],
)
def test_functions_that_fit(promql, check):
    assert check(f"promql: '{promql.strip(chr(39))}'; equals: 3") == []


@pytest.mark.parametrize(
    ("promql", "expected"),
    [
        (
            f"rate({MEMBERS}[5s])",
            f"6:7: `rate()` is for counters, and `{MEMBERS}` is a gauge (did you mean `deriv`?)",
        ),
        (
            f"irate({MEMBERS}[5s])",
            f"6:7: `irate()` is for counters, and `{MEMBERS}` is a gauge (did you mean `idelta`?)",
        ),
        (
            f"increase({MEMBERS}[5s:1s])",
            f"6:7: `increase()` is for counters, and `{MEMBERS}` is a gauge (did you mean `delta`?)",
        ),
        (
            f"resets({MEMBERS}[5s])",
            f"6:7: `resets()` is for counters, and `{MEMBERS}` is a gauge (did you mean `changes`?)",
        ),
        (
            f"delta({STARTED}[5s])",
            f"6:7: `delta()` is for gauges, and `{STARTED}` is a counter, which can restart (did you mean `increase`?)",
        ),
        (
            f"predict_linear({BUCKETS}[5s], 10)",
            f"6:7: `predict_linear()` is for gauges, and `{BUCKETS}` is a counter, which can restart (did you mean `rate`?)",
        ),
        (
            f"rate(sum({STARTED})[5s:1s])",
            f"6:7: `rate()` of `sum({STARTED})` does not see which counter restarted; take `rate()` of each counter first",
        ),
        (
            "histogram_quantile(0.9, chaos_daemon_grpc_server_handling_seconds_sum)",
            "6:7: `histogram_quantile()` needs buckets, and `chaos_daemon_grpc_server_handling_seconds_sum` has none: no `le`"
            f" (did you mean `{BUCKETS}`?)",
        ),
        (
            f"sum(rate({BUCKETS}[5s]))",
            f"6:7: `sum(rate({BUCKETS}[5s]))` drops `le`, and the buckets of `{BUCKETS}` are cumulative: keep it (`by (le)`), or take one"
            " bucket or `_count`",
        ),
        (
            f"histogram_quantile(0.9, sum by (node) (rate({BUCKETS}[5s])))",
            f"6:7: `sum by (node) (rate({BUCKETS}[5s]))` drops `le`, and the buckets of `{BUCKETS}` are cumulative: keep it (`by (le)`), or"
            " take one bucket or `_count`",
        ),
        (
            f"avg without (le) ({BUCKETS})",
            f"6:7: `avg without (le) ({BUCKETS})` drops `le`, and the buckets of `{BUCKETS}` are cumulative: keep it (`by (le)`), or take one"
            " bucket or `_count`",
        ),
    ],
)
def test_functions_that_do_not_fit(promql, expected, check):
    assert check(f"promql: {promql}; equals: 3") == [expected]
