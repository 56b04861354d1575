import pytest
import yaml

from harness.base import bundled
from harness.chaosmesh.capabilities import CAPABILITIES
from harness.chaosmesh.catalogue import (
    OPERATIONS,
    Appears,
    Catalogue,
    Metric,
    MetricStatus,
    MetricType,
    catalogue,
)
from harness.chaosmesh.components import METRICS_PORTS
from harness.chaosmesh.release import Release
from harness.oracles.base import oracles
from harness.scenario.phases import EXPERIMENT_PHASES

KINDS = {
    *(catalogue().find("chaos_dashboard_archived_experiments") or pytest.fail("no kinds")).values["type"],
    "Schedule",
    "StatusCheck",
    "Workflow",
}
COMPONENTS = [
    "chaos-daemon",
    "chaos-dashboard",
    "chaos-dns-server",
    "controller-manager",
    "prometheus",
    "workload",
]


def metric(**fields: object) -> Metric:
    return Metric.model_validate(
        {"name": "m", "type": "gauge", "unit": "x", "components": ["c"], "source": "s", **fields}
    )


@pytest.mark.parametrize("entry", catalogue().metrics, ids=lambda entry: entry.name)
def test_each_entry_is_consistent(entry: Metric) -> None:
    known = catalogue()

    assert known.find(entry.name) is entry
    assert all(known.find(name) is entry for name in entry.series_names)
    assert len(set(entry.labels)) == len(entry.labels)
    assert all(len(set(values)) == len(values) > 0 for values in entry.values.values())
    assert not set(entry.values) & set(entry.examples)
    assert entry.oracle is None or entry.oracle in oracles()
    assert set(entry.components) <= set(COMPONENTS)
    assert not {"job", "instance", "node"} & set(entry.labels)
    assert (entry.type is MetricType.UNKNOWN) == entry.prefix
    assert set(entry.needs) <= set(CAPABILITIES)
    for touching in entry.touched_by:
        assert touching in OPERATIONS or touching.split("/")[0] in KINDS
    if MetricStatus.LIVE is entry.status and not entry.prefix and entry.name.startswith("chaos_"):
        assert entry.help
        assert entry.touched_by
        assert entry.since
    if entry.type is MetricType.HISTOGRAM and entry.status is MetricStatus.LIVE and entry.labels_known:
        assert entry.buckets is not None
    if not entry.prefix and entry.status is MetricStatus.LIVE:
        assert (entry.type is MetricType.COUNTER) == entry.name.endswith("_total")
    for name in entry.renamed_to:
        replacement = known.find(name)
        assert replacement is not None
        assert (replacement.type, replacement.labels) == (entry.type, entry.labels)


@pytest.mark.parametrize(
    ("series", "is_counter", "counts"),
    [
        ("chaos_controller_manager_emitted_event_total", True, True),
        ("chaos_controller_manager_chaos_experiments", False, False),
        ("chaos_daemon_iptables_packets", False, True),
        ("chaos_daemon_grpc_server_handling_seconds_bucket", True, True),
        ("chaos_daemon_grpc_server_handling_seconds_sum", True, True),
        ("process_open_fds", False, False),
        ("go_anything", None, None),
    ],
)
def test_what_counts_is_told_from_what_is_a_level(
    series: str, is_counter: bool | None, counts: bool | None
) -> None:
    entry = catalogue().find(series)

    assert entry is not None
    assert (entry.is_counter(series), entry.counts(series)) == (is_counter, counts)


def test_names_are_in_the_catalogue_once() -> None:
    names = [entry.name for entry in catalogue().metrics]

    assert len(set(names)) == len(names)
    with pytest.raises(ValueError, match="the catalogue has 'm' twice"):
        Catalogue([metric(), metric()])
    with pytest.raises(ValueError, match="the catalogue has 'h_count' twice"):
        Catalogue([metric(name="h", type="histogram"), metric(name="h_count")])


def test_the_phases_of_experiments_are_those_that_steps_can_wait_for() -> None:
    experiments = catalogue().find("chaos_controller_manager_chaos_experiments")

    assert experiments is not None
    assert {*experiments.values["phase"], "gone"} == set(EXPERIMENT_PHASES)


def test_experiments_and_their_archives_have_the_same_kinds() -> None:
    experiments = catalogue().find("chaos_controller_manager_chaos_experiments")
    archived = catalogue().find("chaos_dashboard_archived_experiments")

    assert experiments is not None
    assert archived is not None
    assert len(experiments.values["kind"]) == 14
    assert experiments.values["kind"] == archived.values["type"]


def test_all_eight_sidecar_metrics_are_never_written() -> None:
    dead = [entry.name for entry in catalogue().metrics if entry.status is MetricStatus.NEVER_WRITTEN]

    assert len(dead) == 8


def test_the_series_of_a_histogram_belong_to_it() -> None:
    found = catalogue().find("chaos_daemon_grpc_server_handling_seconds_bucket")

    assert found is not None
    assert found.series_names == tuple(f"{found.name}_{suffix}" for suffix in ("bucket", "sum", "count"))
    assert found.labels_of(f"{found.name}_bucket") == ("grpc_type", "grpc_service", "grpc_method", "le")
    assert found.labels_of(f"{found.name}_count") == ("grpc_type", "grpc_service", "grpc_method")
    assert catalogue().find("chaos_controller_manager_chaos_experiments_count") is None


def test_the_series_of_a_summary_belong_to_it() -> None:
    known = Catalogue([metric(name="s", type="summary")])

    assert [known.find(name) is not None for name in ("s", "s_sum", "s_count", "s_bucket")] == [
        True,
        True,
        True,
        False,
    ]
    assert known.metrics[0].labels_of("s") == ("quantile",)


def test_an_entry_of_its_own_comes_before_its_family() -> None:
    known = catalogue()

    assert known.find("process_start_time_seconds") is not known.find("process_something_new")
    assert known.find("go_goroutines") is not known.find("go_")
    assert known.find("go_sched_goroutines_goroutines") is known.find("go_")
    assert known.find("gopher") is None


def test_jobs_are_the_components() -> None:
    assert catalogue().jobs("chaos_daemon_tcs_rules") == ["chaos-daemon"]
    assert catalogue().jobs("chaos_dashboard_http_request_duration_seconds_count") == ["chaos-dashboard"]
    assert catalogue().jobs("up") == COMPONENTS == catalogue().components()
    assert catalogue().jobs("no_such_metric") == []


def test_suggestions_are_the_nearest_series() -> None:
    assert catalogue().suggest("chaos_daemon_ipset_member")[0] == "chaos_daemon_ipset_members"
    assert catalogue().suggest("grpc_server_handled")[0] == "grpc_server_handled_total"
    assert catalogue().suggest("zzzzzz") == []


def test_the_jobs_are_those_that_prometheus_scrapes() -> None:
    manifests = yaml.safe_load_all((bundled.fixtures() / "manifests/prometheus.yaml").read_text())
    jobs = {
        job["job_name"]
        for manifest in manifests
        if manifest and manifest["kind"] == "ConfigMap"
        for text in manifest["data"].values()
        # The alert rules are filled in from files of their own.
        if not text.startswith("@{")
        for job in (yaml.safe_load(text) or {}).get("scrape_configs", [])
    }

    assert jobs == set(COMPONENTS)


def test_the_workload_exposes_what_the_catalogue_says() -> None:
    known = [entry for entry in catalogue().metrics if entry.components == ("workload",)]

    assert known
    for entry in known:
        program = (bundled.fixtures().parent / entry.source).read_text()
        assert f'"{entry.name}"' in program
        assert entry.help in program


def test_what_prometheus_writes_itself_is_exposed_by_no_target() -> None:
    written = {entry.name for entry in catalogue().metrics if not entry.exposed}

    assert {"up", "scrape_duration_seconds", "scrape_samples_scraped"} <= written
    assert not any(name.startswith(("chaos_", "go_", "process_")) for name in written)


def test_the_ports_are_those_that_prometheus_scrapes() -> None:
    text = (bundled.fixtures() / "manifests/prometheus.yaml").read_text()

    assert all(f"regex: {job};{port}" in text for job, port in METRICS_PORTS.items())


@pytest.mark.parametrize(
    ("name", "release", "status"),
    [
        ("chaos_daemon_tcs", "v2.6.0", MetricStatus.LIVE),
        ("chaos_daemon_tcs", "v2.7.0", MetricStatus.LIVE),
        ("chaos_daemon_tcs", "v2.7.1", MetricStatus.RENAMED),
        ("chaos_daemon_tcs", "built from source", MetricStatus.RENAMED),
        ("chaos_daemon_tcs", "v2.1.3", None),
        ("chaos_daemon_tcs_rules", "v2.7.0", None),
        ("chaos_daemon_tcs_rules", "v2.7.1", MetricStatus.LIVE),
        ("chaos_daemon_tcs_rules", "v2.10.0", MetricStatus.LIVE),
        ("chaos_daemon_tcs_rules", "v0.9.1-0.20260902003049-47411975a8cb", MetricStatus.LIVE),
        ("chaos_daemon_tcs_rules", "chart-2.7.0-source-0a1b2c3d", None),
        ("chaos_daemon_tcs", "chart-2.7.0-source-0a1b2c3d", MetricStatus.LIVE),
        ("controller_runtime_reconcile_panics_total", "v2.7.3", None),
        ("controller_runtime_reconcile_panics_total", "v2.8.0", MetricStatus.LIVE),
        ("chaos_mesh_experiments", "v2.0.3", MetricStatus.LIVE),
        ("chaos_mesh_experiments", "v2.1.0", MetricStatus.RENAMED),
        ("grpc_server_started_total", "v2.0.0", MetricStatus.LIVE),
    ],
)
def test_what_a_metric_is_in_a_release(name: str, release: str, status: MetricStatus | None) -> None:
    entry = catalogue().find(name)

    assert entry is not None
    assert entry.status_in(Release.of(release)) is status


def test_a_metric_has_the_shape_that_it_has_in_a_release() -> None:
    depth = catalogue().find("workqueue_depth")
    waits = catalogue().find("workqueue_queue_duration_seconds_bucket")

    assert depth is not None
    assert waits is not None
    assert depth.in_release(Release.of("v2.7.3")).labels == ("name",)
    assert depth.in_release(Release.of("v2.7.3")).help == "Current depth of workqueue"
    assert depth.in_release(Release.of("v2.8.0")) is depth
    assert depth.in_release(Release.of("latest")) is depth
    assert waits.in_release(Release.of("v2.7.3+5")).buckets == (*(10.0**power for power in range(-8, 2)),)


def test_values_and_shapes_are_those_of_a_release() -> None:
    entry = metric(
        labels=["kind", "zone"],
        values={
            "kind": ["A", {"value": "B", "since": "v2.3.0"}, {"value": "C", "until": "v2.4.0"}, "D"],
            "zone": ["z"],
        },
        examples={"zone": ["z"]},
        earlier=[
            {"until": "v2.1.8", "source": "s", "labels": ["kind"], "help": "First."},
            {"until": "v2.2.0", "source": "s", "help": "Second."},
        ],
    )

    def shape(release: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        found = entry.in_release(Release.of(release))
        return found.help, found.labels, found.values["kind"]

    assert shape("v2.1.0") == ("First.", ("kind",), ("A", "D", "C"))
    assert "zone" not in entry.in_release(Release.of("v2.1.0")).values
    assert entry.in_release(Release.of("v2.1.0")).examples == {}
    assert shape("v2.2.0") == ("Second.", ("kind", "zone"), ("A", "D", "C"))
    assert shape("v2.3.0") == (entry.help, ("kind", "zone"), ("A", "B", "D", "C"))
    assert shape("v2.8.4") == (entry.help, ("kind", "zone"), ("A", "B", "D"))
    # Without a release: what the newest has.
    assert entry.values["kind"] == ("A", "B", "D")


def test_bounds_of_the_catalogue_are_releases() -> None:
    for wrong in (
        {"since": "2.8.0"},
        {"until": "v2.8"},
        {"values": {"kind": [{"value": "A", "since": "soon"}]}},
    ):
        with pytest.raises(ValueError, match="is no release such as"):
            metric(**wrong)
    with pytest.raises(ValueError, match="m: the shapes of earlier releases are not in their order"):
        metric(earlier=[{"until": "v2.2.0", "source": "s"}, {"until": "v2.1.0", "source": "s"}])


def test_what_is_there_from_the_start_needs_no_chaos() -> None:
    first = {entry.name for entry in catalogue().metrics if entry.appears is Appears.ALWAYS}

    assert {name for name in first if name.startswith("chaos_")} == {
        "chaos_controller_manager_chaos_mesh_template_load_failed_total",
        "chaos_controller_manager_chaos_mesh_templates",
        "chaos_daemon_bpm_controlled_process_total",
        "chaos_daemon_bpm_controlled_processes",
        "chaos_daemon_ipset_members",
        "chaos_daemon_tcs_rules",
    }


def test_only_histograms_have_buckets_and_in_order() -> None:
    with pytest.raises(ValueError, match="m: only a histogram has buckets"):
        metric(buckets=[1, 2])
    with pytest.raises(ValueError, match="m: the buckets are not in ascending order"):
        metric(type="histogram", buckets=[1, 3, 2])


def test_values_need_their_label() -> None:
    with pytest.raises(ValueError, match="m: values of 'phase', which is none of its labels"):
        metric(values={"phase": ["running"]})
    with pytest.raises(ValueError, match="renamed_to goes with the status"):
        metric(status="renamed")


@pytest.mark.parametrize("entry", catalogue().metrics, ids=lambda entry: entry.name)
def test_it_says_how_each_live_metric_is_produced(entry: Metric) -> None:
    if entry.status is MetricStatus.LIVE and entry.type is not MetricType.UNKNOWN and entry.exposed:
        assert entry.produced is not None
        assert 1 <= entry.produced.scrapes <= 3
