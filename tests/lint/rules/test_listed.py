# ruff: noqa: E501  (messages are asserted whole)
import pytest

EXPERIMENTS = "chaos_controller_manager_chaos_experiments"


@pytest.mark.parametrize(
    "expectation",
    [
        f"metric: {EXPERIMENTS}; where: {{phase: running}}; series: [{{kind: PodChaos, value: 1}}]",
        f"metric: {EXPERIMENTS}; where: {{phase: running}}; series: [{{phase: running, kind: PodChaos, value: 1}}]",
        f"metric: {EXPERIMENTS}; where: {{phase: '${{p}}'}}; series: [{{phase: running, kind: PodChaos, value: 1}}]",
        f"metric: {EXPERIMENTS}; where: {{phase: {{matches: '${{p}}'}}}}; series: [{{phase: running, kind: PodChaos, value: 1}}]",
        f"metric: {EXPERIMENTS}; where: {{phase: {{not: paused}}}}; series: [{{phase: running, kind: '${{k}}', value: 1}}]",
        f"metric: {EXPERIMENTS}; series: {{oracle: experiments}}",
        "metric: chaos_daemon_ipset_members; series: [{pod: x, value: 1}]",
        f"promql: sum by (phase) ({EXPERIMENTS}); series: [{{phase: running, value: 1}}]",
        f"promql: sum without (phase) ({EXPERIMENTS}); series: [{{kind: PodChaos, value: 1}}]",
        f"promql: topk(1, {EXPERIMENTS} > 1) * 2; series: [{{kind: PodChaos, value: 3}}]",
        f'promql: \'count_values("n", {EXPERIMENTS})\'; series: [{{n: "1", value: 3}}]',
        f'promql: \'sum by (x) (label_replace({EXPERIMENTS}, "x", "$1", "kind", "(.*)"))\'; series: [{{x: PodChaos, value: 3}}]',
        f"promql: {EXPERIMENTS} + on (kind) {EXPERIMENTS}; series: [{{whatever: x, value: 3}}]",
        "promql: sum(go_whatever); series: [{value: 3}]",
    ],
)
def test_series_that_can_be_selected(expectation, check):
    assert check(expectation) == []


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        (
            f"metric: {EXPERIMENTS}; where: {{phase: running}}; series: [{{kind: PodChaos, phase: paused, value: 1}}]",
            "8:33: `where` leaves out every series with `phase: paused`",
        ),
        (
            f"metric: {EXPERIMENTS}; where: {{phase: {{matches: run.*}}}}; series: [{{kind: PodChaos, phase: paused, value: 1}}]",
            "8:33: `where` leaves out every series with `phase: paused`",
        ),
        (
            f"metric: {EXPERIMENTS}; where: {{phase: {{not: paused}}}}; series: [{{kind: PodChaos, phase: paused, value: 1}}]",
            "8:33: `where` leaves out every series with `phase: paused`",
        ),
        (
            f"metric: {EXPERIMENTS}; series: [{{kind: PodChaos, value: 1}}]",
            f"7:16: this is no whole series: each one of `{EXPERIMENTS}` has a `phase`; add it, or fix it in `where`",
        ),
        (
            f"metric: {EXPERIMENTS}; where: {{phase: {{not: paused}}}}; series: [{{kind: PodChaos, value: 1}}]",
            f"8:16: this is no whole series: each one of `{EXPERIMENTS}` has a `phase`; add it, or fix it in `where`",
        ),
        (
            f"promql: sum by (phase) ({EXPERIMENTS}); series: [{{phase: running, kind: PodChaos, value: 1}}]",
            f"7:33: what `sum by (phase) ({EXPERIMENTS})` gives has no label `kind`; it has: phase",
        ),
        (
            f"promql: sum({EXPERIMENTS}); series: [{{phase: running, value: 1}}]",
            f"7:17: what `sum({EXPERIMENTS})` gives has no label `phase`; it has: none",
        ),
        (
            f"promql: sum without (phase) ({EXPERIMENTS}); series: [{{kid: PodChaos, value: 1}}]",
            f"7:17: what `sum without (phase) ({EXPERIMENTS})` gives has no label `kid`; it has: instance, job, kind, namespace, node"
            " (did you mean `kind`?)",
        ),
        (
            "promql: histogram_quantile(0.9, rate(chaos_daemon_grpc_server_handling_seconds_bucket[5s])); series: [{le: '1', value: 3}]",
            "7:17: what `histogram_quantile(0.9, rate(chaos_daemon_grpc_server_handling_seconds_bucket[5s]))` gives has no label `le`;"
            " it has: grpc_method, grpc_service, grpc_type, instance, job, node",
        ),
    ],
)
def test_series_that_cannot(expectation, expected, check):
    assert check(expectation) == [expected]
