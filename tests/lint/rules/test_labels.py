# ruff: noqa: E501  (messages are asserted whole)
import pytest

EXPERIMENTS = "chaos_controller_manager_chaos_experiments"
LABELS = "namespace, kind, phase, job, instance, node"


@pytest.mark.parametrize(
    "promql",
    [
        f'\'{EXPERIMENTS}{{namespace="${{namespace}}", phase="running", kind=~"Pod.*|Stress.*"}}\'',
        f"'{EXPERIMENTS}{{phase=\"${{p}}\"}}'",
        f"'{EXPERIMENTS}{{phase=~\"${{p}}\"}}'",
        f"sum by (phase, node) ({EXPERIMENTS})",
        f"sum without (phase) ({EXPERIMENTS})",
        "'coredns_anything{whatever=\"x\"}'",
        "sum by (anything) (coredns_cache_hits_total)",
        f'\'sum by (what) (label_replace({EXPERIMENTS}, "what", "$1", "kind", "(.*)"))\'',
        f"'sum by (n) (count_values(\"n\", {EXPERIMENTS}))'",
        f'\'label_join({EXPERIMENTS}, "x", "-", "kind", "phase")\'',
        f"up * on (node) group_right (job) {EXPERIMENTS}",
    ],
)
def test_metrics_and_labels_that_there_are(promql, check):
    assert check(f"promql: {promql}; equals: 3") == []


@pytest.mark.parametrize(
    ("promql", "expected"),
    [
        (
            "rate(chaos_daemon_bpm_controlled_process_totl[5s])",
            "6:7: the catalogue has no metric `chaos_daemon_bpm_controlled_process_totl`; also near: chaos_daemon_bpm_controlled_processes"
            " (did you mean `chaos_daemon_bpm_controlled_process_total`?)",
        ),
        (
            "chaos_daemon_grpc_server_handling_seconds",
            "6:7: `chaos_daemon_grpc_server_handling_seconds` is a histogram; its series are chaos_daemon_grpc_server_handling_seconds_bucket,"
            " chaos_daemon_grpc_server_handling_seconds_sum, chaos_daemon_grpc_server_handling_seconds_count"
            " (did you mean `chaos_daemon_grpc_server_handling_seconds_count`?)",
        ),
        (
            "chaos_daemon_tcs",
            "6:7: `chaos_daemon_tcs` was renamed after v2.7.0, so `at_least` cannot come true (did you mean `chaos_daemon_tcs_rules`?)",
        ),
        (
            f"'{EXPERIMENTS}{{phse=\"running\"}}'",
            f"6:7: `{EXPERIMENTS}` has no label `phse`; it has: {LABELS} (did you mean `phase`?)",
        ),
        (
            f"'{EXPERIMENTS}{{phse=~\"r.*\"}}'",
            f"6:7: `{EXPERIMENTS}` has no label `phse`; it has: {LABELS} (did you mean `phase`?)",
        ),
        (
            f"'{EXPERIMENTS}{{phase=\"runing\"}}'",
            f"6:7: the label `phase` of `{EXPERIMENTS}` is never `runing`; it has: injecting, running, paused, finished, deleting (did you mean `running`?)",
        ),
        (
            f"'{EXPERIMENTS}{{phase=~\"run\"}}'",
            f"6:7: `run` leaves none of the values that the label `phase` of `{EXPERIMENTS}` can have: injecting, running, paused, finished, deleting",
        ),
        (
            f"'{EXPERIMENTS}{{kind!~\".*Chaos\"}}'",
            f"6:7: `.*Chaos` leaves none of the values that the label `kind` of `{EXPERIMENTS}` can have",
        ),
        (
            f"sum by (phse) ({EXPERIMENTS})",
            f"6:7: no metric in `sum by (phse) ({EXPERIMENTS})` has the label `phse`; there is: {LABELS} (did you mean `phase`?)",
        ),
        (
            f"up * on (nod) group_right () {EXPERIMENTS}",
            f"6:7: no metric in `up * on (nod) group_right () {EXPERIMENTS}` has the label `nod`; there is: job, instance, node, namespace, kind, phase"
            " (did you mean `node`?)",
        ),
        (
            f'\'label_replace({EXPERIMENTS}, "x", "$1", "kynd", "(.*)")\'',
            f'6:7: no metric in `label_replace({EXPERIMENTS}, "x", "$1", "kynd", "(.*)")` has the label `kynd`; there is: x, {LABELS}'
            " (did you mean `kind`?)",
        ),
    ],
)
def test_what_there_is_not(promql, expected, check):
    assert check(f"promql: {promql}; at_least: 3") == [expected]


def test_a_metric_that_nothing_writes_may_be_absent_or_a_known_issue(check):
    assert check("promql: chaos_daemon_tcs; absent: true") == []
    assert check("promql: chaos_daemon_tcs; at_least: 3; known_issue: {id: x, shows: {absent: true}}") == []


def test_a_matcher_of_where_leaves_something(check):
    metric = f"metric: {EXPERIMENTS}"
    assert check(f"{metric}; where: {{phase: {{matches: 'run.*'}}}}; absent: true") == []
    assert check(f"{metric}; where: {{phase: {{matches: '${{x}}'}}}}; absent: true") == []
    assert check(f"{metric}; where: {{phase: {{matches: 'run'}}}}; absent: true") == [
        f"7:15: `run` leaves none of the values that the label `phase` of `{EXPERIMENTS}` can have:"
        " injecting, running, paused, finished, deleting"
    ]
