"""The rendered Prometheus, and the checks on its answers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from harness.base.errors import InfrastructureError
from harness.base.progress import Progress
from harness.kubernetes.client import Cluster
from harness.prometheus.prometheus import (
    MalformedAnswerError,
    PrometheusUnreachableError,
    WrongPrometheusError,
)
from harness.stack import prometheus
from harness.stack.kubectl import Kubectl

SETTINGS = prometheus.Settings(
    identity="abc",
    image="example.org/prometheus:v3",
    chaos_mesh_namespace="chaos-mesh",
    interval=1.0,
    timeout=1.0,
)


def objects(settings: prometheus.Settings = SETTINGS) -> dict[str, Any]:
    return {document["kind"]: document for document in yaml.safe_load_all(prometheus.render(settings))}


def configuration(settings: prometheus.Settings = SETTINGS) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(objects(settings)["ConfigMap"]["data"]["prometheus.yml"])
    return found


def jobs() -> dict[str, Any]:
    return {job["job_name"]: job for job in configuration()["scrape_configs"]}


def test_identity_interval_and_timeout_are_global() -> None:
    assert configuration()["global"] == {
        "scrape_interval": "1000ms",
        "scrape_timeout": "1000ms",
        "evaluation_interval": "1000ms",
        "external_labels": {"chaos_harness_stack": "abc"},
    }


SLOW = replace(SETTINGS, slow_node="c-uml", slow_interval=5.0)


def relabelled(settings: prometheus.Settings, job: str) -> dict[str, tuple[str, str]]:
    """Return what a job's rules put into labels that set the interval, with the node it is for."""
    (found,) = [each for each in configuration(settings)["scrape_configs"] if each["job_name"] == job]
    return {
        rule["target_label"]: (rule["regex"], rule["replacement"])
        for rule in found["relabel_configs"]
        if str(rule.get("target_label", "")).startswith("__scrape_")
    }


@pytest.mark.parametrize("job", ["chaos-daemon", "workload"])
def test_what_runs_on_a_slow_node_is_scraped_at_an_interval_of_its_own(job: str) -> None:
    assert relabelled(SLOW, job) == {
        "__scrape_interval__": ("c-uml", "5000ms"),
        "__scrape_timeout__": ("c-uml", "5000ms"),
    }


def test_nothing_else_is_scraped_slowly() -> None:
    assert configuration(SLOW)["global"]["scrape_interval"] == "1000ms"
    for settings, job in (
        (SLOW, "controller-manager"),
        (SLOW, "chaos-dashboard"),
        (SETTINGS, "chaos-daemon"),
    ):
        assert relabelled(settings, job) == {}


def test_an_instant_query_bridges_one_missed_scrape_of_the_slowest() -> None:
    assert (SETTINGS.lookback, SLOW.lookback) == (2.5, 12.5)


def test_nothing_is_left_to_fill_in() -> None:
    assert "@{" not in prometheus.render(SETTINGS)


def test_each_component_is_a_job() -> None:
    assert set(jobs()) == {
        "controller-manager",
        "chaos-daemon",
        "chaos-dashboard",
        "chaos-dns-server",
        "workload",
        "prometheus",
    }


@pytest.mark.parametrize(
    ("job", "kept"),
    [
        ("controller-manager", "controller-manager;10080"),
        ("chaos-daemon", "chaos-daemon;31766"),
        ("chaos-dashboard", "chaos-dashboard;2334"),
        ("chaos-dns-server", "chaos-dns-server;9153"),
    ],
)
def test_components_are_found_in_their_namespace_and_keep_their_labels(job: str, kept: str) -> None:
    found = jobs()[job]
    assert found["honor_labels"] is True
    assert found["kubernetes_sd_configs"] == [
        {"role": "endpointslice", "namespaces": {"names": ["chaos-mesh"]}}
    ]
    assert found["relabel_configs"][0]["regex"] == kept
    assert found["relabel_configs"][0]["action"] == "keep"


@pytest.mark.parametrize("job", sorted(jobs()))
def test_targets_have_job_instance_and_node_only(job: str) -> None:
    rules = jobs()[job]["relabel_configs"]
    assert {rule["target_label"] for rule in rules if "target_label" in rule} - {"__address__"} == {
        "instance",
        "node",
    }
    assert not any(rule.get("action") in ("labelmap", "labelkeep") for rule in rules)


def test_workloads_are_found_by_label_in_any_namespace() -> None:
    workload = jobs()["workload"]
    assert workload["honor_labels"] is True
    assert workload["kubernetes_sd_configs"] == [
        {"role": "pod", "selectors": [{"role": "pod", "label": "chaos-harness/scrape=true"}]}
    ]
    instance = next(rule for rule in workload["relabel_configs"] if rule.get("target_label") == "instance")
    assert instance["source_labels"] == ["__meta_kubernetes_namespace", "__meta_kubernetes_pod_name"]
    assert instance["separator"] == "/"


def test_there_is_never_a_second_scraper() -> None:
    deployment = objects()["Deployment"]["spec"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}


def test_old_samples_are_forgotten_soon() -> None:
    container = objects()["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert "--query.lookback-delta=2500ms" in container["args"]
    assert container["imagePullPolicy"] == "IfNotPresent"


def test_a_changed_setting_starts_the_pod_anew() -> None:
    def mark(settings: prometheus.Settings) -> str:
        template = objects(settings)["Deployment"]["spec"]["template"]
        return str(template["metadata"]["annotations"]["chaos-harness/configuration"])

    slower = prometheus.Settings("abc", SETTINGS.image, "chaos-mesh", 2.0, 2.0)
    assert mark(SETTINGS) == mark(SETTINGS)
    assert mark(SETTINGS) != mark(slower)


@pytest.mark.parametrize(("seconds", "text"), [(1.0, "1000ms"), (0.5, "500ms"), (1.5, "1500ms")])
def test_durations(seconds: float, text: str) -> None:
    assert prometheus.duration(seconds) == text


PROXY = "/api/v1/namespaces/chaos-harness/services/prometheus:9090/proxy"


def config_answer(identity: str | None) -> bytes:
    labels = {} if identity is None else {"external_labels": {"chaos_harness_stack": identity}}
    text = yaml.safe_dump({"global": labels})
    return json.dumps({"status": "success", "data": {"yaml": text}}).encode()


Answering = Callable[..., tuple[Cluster, list[str]]]


@pytest.fixture
def answering(api: Any, kubeconfig: Path) -> Answering:
    """Let the API server pass on these answers, the last one again and again; return what was asked for."""

    def begin(*answers: bytes, status: int = 200) -> tuple[Cluster, list[str]]:
        left, paths = list(answers), list[str]()

        def route(request: Any) -> None:
            paths.append(request.path)
            request.answer(status, left.pop(0) if len(left) > 1 else left[0])

        api.route = route
        return Cluster.connect(kubeconfig), paths

    return begin


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (config_answer("abc"), "abc"),
        (config_answer(None), None),
        (b'{"status": "success", "data": {"yaml": ""}}', None),
        (b'{"status": "success", "data": {"yaml": "global: {external_labels: }"}}', None),
    ],
)
def test_the_identity_is_read_from_the_running_configuration(
    answer: bytes, found: str | None, answering: Answering
) -> None:
    cluster, paths = answering(answer)
    assert prometheus.client(cluster).identity() == found
    assert paths == [f"{PROXY}/api/v1/status/config"]


@pytest.mark.parametrize(
    "answer", [b"<html>not Prometheus</html>", b"{}", b"[]", b'{"data": {"yaml": "- : ["}}', b'{"data": 1}']
)
def test_what_is_no_answer_of_prometheus_is_not_taken_for_one_without_identity(
    answer: bytes, answering: Answering
) -> None:
    cluster, _ = answering(answer)
    with pytest.raises(MalformedAnswerError):
        prometheus.client(cluster).identity()


class Rolled:
    """A kubectl that only waits for rollouts, which have come about."""

    def rollout(self, kind: str, namespace: str, name: str, *, timeout: float) -> None:
        assert (kind, namespace, name) == ("deployment", "chaos-harness", "prometheus")


def ready(cluster: Cluster) -> None:
    prometheus.wait_ready(cast(Kubectl, Rolled()), cluster, SETTINGS)


def test_our_own_prometheus_is_taken(answering: Answering) -> None:
    ready(answering(config_answer("abc"))[0])


@pytest.mark.parametrize("identity", ["other", None])
def test_another_prometheus_is_refused(identity: str | None, answering: Answering) -> None:
    with pytest.raises(WrongPrometheusError, match="another Prometheus answers") as caught:
        ready(answering(config_answer(identity))[0])
    assert f"found: {identity}" in caught.value.details


def test_a_prometheus_that_the_api_server_does_not_reach_is_told_with_its_words(answering: Answering) -> None:
    refusal = b'{"kind": "Status", "apiVersion": "v1", "message": "no endpoints available", "code": 503}'
    with pytest.raises(PrometheusUnreachableError) as caught:
        ready(answering(refusal, status=503)[0])
    assert caught.value.details == ["no endpoints available"]


def target(job: str, *, health: str = "up", error: str = "", seconds: float = 0.1) -> dict[str, Any]:
    return {
        "labels": {"job": job, "instance": f"{job}-1"},
        "health": health,
        "lastError": error,
        "lastScrapeDuration": seconds,
        "lastScrape": "2026-11-23T00:00:00Z",
        "scrapeInterval": "1s",
    }


def targets(*found: dict[str, Any]) -> bytes:
    return json.dumps({"status": "success", "data": {"activeTargets": list(found)}}).encode()


def wait(cluster: Cluster, expected: dict[str, int], settings: prometheus.Settings = SETTINGS) -> list[float]:
    pauses: list[float] = []

    def clock() -> float:
        return sum(pauses)

    prometheus.wait_targets(
        cluster, settings, expected, Progress(io.StringIO()), clock=clock, pause=pauses.append
    )
    return pauses


def test_targets_are_waited_for(answering: Answering) -> None:
    cluster, paths = answering(
        targets(),
        targets(target("chaos-daemon", health="unknown")),
        targets(target("chaos-daemon", seconds=0.95)),
        targets(target("chaos-daemon")),
    )
    assert len(wait(cluster, {"chaos-daemon": 1})) == 3
    assert set(paths) == {f"{PROXY}/api/v1/targets"}


def test_two_targets_where_one_is_expected_are_not_enough(answering: Answering) -> None:
    cluster, _ = answering(targets(target("chaos-daemon"), target("chaos-daemon")))
    with pytest.raises(InfrastructureError, match="chaos-daemon has 2 targets, not 1"):
        wait(cluster, {"chaos-daemon": 1})


def test_a_target_that_stays_down_is_named_with_its_error(answering: Answering) -> None:
    cluster, _ = answering(targets(target("chaos-daemon", health="down", error="connection refused")))
    with pytest.raises(InfrastructureError, match="chaos-daemon chaos-daemon-1 is down: connection refused"):
        wait(cluster, {"chaos-daemon": 1})


def test_a_slow_scrape_names_an_interval_that_fits(answering: Answering) -> None:
    cluster, _ = answering(targets(target("chaos-daemon", seconds=0.9)))
    with pytest.raises(prometheus.ScrapeTooSlowError) as caught:
        wait(cluster, {"chaos-daemon": 1})
    assert caught.value.next_step == "use a longer interval: --scrape-interval 2"


def test_a_slow_scrape_of_a_slow_node_is_measured_by_its_own_interval(answering: Answering) -> None:
    there = target("chaos-daemon", seconds=4.5)
    there["labels"]["node"] = "c-uml"
    cluster, _ = answering(targets(there))
    with pytest.raises(prometheus.ScrapeTooSlowError) as caught:
        wait(cluster, {"chaos-daemon": 1}, SLOW)
    assert "a timeout of 5 s at an interval of 5 s" in caught.value.problem
    assert caught.value.next_step == (
        "use a longer interval: --scrape-interval 10, run again when this machine is less busy, "
        "or leave --uml-worker out"
    )


def test_a_scrape_that_is_cut_off_is_timed_without_a_limit(answering: Answering) -> None:
    cut = target("chaos-daemon", health="down", error="context deadline exceeded", seconds=1.0)
    cluster, paths = answering(targets(cut))
    with pytest.raises(prometheus.ScrapeTooSlowError, match="too long for a timeout of 1 s"):
        wait(cluster, {"chaos-daemon": 1})
    assert paths[-1] == "/api/v1/namespaces/chaos-mesh/pods/chaos-daemon-1:31766/proxy/metrics"
