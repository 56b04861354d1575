"""A Prometheus of others serves when it scrapes this Chaos Mesh, often enough, by labels that are known."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness.base.errors import HarnessError, InfrastructureError
from harness.prometheus.prometheus import (
    MalformedAnswerError,
    PrometheusUnreachableError,
    QueryResult,
    ScrapeTarget,
)
from harness.stack.existing import their_prometheus
from tests.stack.existing.conftest import pod

URL = "http://p:9090"
PODS = {
    "controller-manager": [pod("manager-a", "controller-manager", "n1", "10.0.0.1")],
    "chaos-dashboard": [pod("dashboard-a", "chaos-dashboard", "n1", "10.0.0.2")],
    "chaos-daemon": [
        pod("daemon-a", "chaos-daemon", "n1", "10.0.0.3"),
        pod("daemon-b", "chaos-daemon", "n2", "10.0.0.4"),
    ],
}
PORTS = {"controller-manager": 10080, "chaos-daemon": 31766, "chaos-dashboard": 2334}


class Server:
    """Scrapes all of it as ours does, unless a test changes that."""

    def __init__(self, **more: Any) -> None:
        self.series: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}
        self.found = [
            target(job, each["metadata"]["name"], each["spec"]["nodeName"], each["status"]["podIP"], **more)
            for job, several in PODS.items()
            for each in several
        ]

    def after(self, seconds: float) -> None:
        """Is told how much time has passed."""

    def targets(self) -> list[ScrapeTarget]:
        return self.found

    def query(self, expression: str) -> QueryResult:
        own = next(each for each in self.found if f'"{each.instance}"' in expression)
        pattern = expression.partition('"')[2].partition('"')[0]
        names = [each for each in self.names.get(own.job, ["chaos_x"]) if re.fullmatch(pattern, each)]
        metrics = [{"__name__": each, **own.labels, **self.series} for each in names]
        return QueryResult("vector", [{"metric": each} for each in metrics])


def target(job: str, name: str, on: str, address: str, **more: Any) -> ScrapeTarget:
    labels = {"job": job, "instance": name, "node": on}
    options = {
        "health": "up",
        "last_error": "",
        "scrape_interval": 15.0,
        "namespace": "chaos-testing",
        "pod": name,
        "address": f"http://{address}:{PORTS[job]}/metrics",
        **more,
    }
    return ScrapeTarget(job, name, on, last_scrape=1.0, scrape_duration=0.1, labels=labels, **options)


def check(
    server: Any, wanted: float = 1.0, not_ready: tuple[str, ...] = ()
) -> their_prometheus.TheirPrometheus:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds
        server.after(now[0])

    return their_prometheus.check(
        server, URL, PODS, wanted, not_ready=list(not_ready), clock=lambda: now[0], pause=pause
    )


def test_its_interval_is_taken_from_it() -> None:
    found = check(Server())
    assert found.interval == 15.0
    assert [each.pod for each in found.scraped] == ["manager-a", "dashboard-a", "daemon-a", "daemon-b"]


def test_a_dashboard_that_has_archived_nothing_has_no_series_of_its_own() -> None:
    server = Server()
    server.names = {"chaos-dashboard": ["go_goroutines", "up"]}
    assert len(check(server).scraped) == 4


def test_a_pod_without_any_series_is_named() -> None:
    server = Server()
    server.names = {"chaos-daemon": ["up"]}
    with pytest.raises(HarnessError, match="labels") as caught:
        check(server)
    assert caught.value.details == [
        f"{name}: no series of it, neither chaos_* nor go_goroutines" for name in ("daemon-a", "daemon-b")
    ]


def test_a_static_configuration_is_matched_by_address() -> None:
    assert len(check(Server(namespace="", pod="")).scraped) == 4


def test_one_that_scrapes_nothing_of_this_cluster_does_not_serve() -> None:
    server = Server()
    server.found = [target("chaos-daemon", "another", "n9", "10.9.9.9")]
    with pytest.raises(HarnessError, match="scrapes nothing of this cluster's Chaos Mesh") as caught:
        check(server)
    assert caught.value.details[0].startswith("it has 1 targets")


@pytest.mark.parametrize(
    ("gone", "named"), [(0, "controller-manager manager-a"), (3, "chaos-daemon daemon-b")]
)
def test_what_it_does_not_scrape_is_named(gone: int, named: str) -> None:
    server = Server()
    del server.found[gone]
    with pytest.raises(HarnessError, match=f"does not scrape all of Chaos Mesh: {named} missing"):
        check(server)


def test_a_pod_on_a_node_that_is_not_ready_need_not_be_scraped() -> None:
    server = Server()
    del server.found[3]
    assert len(check(server, not_ready=("n2",)).scraped) == 3


def test_a_target_that_is_down_is_named_with_its_error() -> None:
    with pytest.raises(InfrastructureError, match="does not reach") as caught:
        check(Server(health="down", last_error="connection refused"))
    assert caught.value.details[0] == (
        "http://10.0.0.1:10080/metrics: connection refused; still so after 45 s"
    )


def test_a_target_that_is_up_at_the_next_scrape_serves() -> None:
    server = Server(health="down", last_error="context deadline exceeded")

    def after(seconds: float) -> None:
        if seconds >= 15.0:
            server.found = Server().found

    server.after = after  # type: ignore[method-assign]
    assert check(server).interval == 15.0


def test_a_minute_between_scrapes_has_to_be_accepted() -> None:
    with pytest.raises(HarnessError, match="scrapes every 60 s") as caught:
        check(Server(scrape_interval=60.0))
    assert "--scrape-interval 60" in caught.value.next_step
    assert check(Server(scrape_interval=60.0), wanted=60.0).interval == 60.0


def test_another_interval_than_its_own_is_refused() -> None:
    with pytest.raises(HarnessError, match="every 15 s, not 5 s"):
        check(Server(), wanted=5.0)


def test_other_labels_are_shown_with_the_options_that_name_them(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    for each in server.found:
        own = {"component": each.job, "kubernetes_pod": each.instance, "kubernetes_node": each.node}
        each.labels.update(own | {"instance": each.address, "job": "pods"})
        del each.labels["node"]
    monkeypatch.setattr(server, "query", lambda _: QueryResult("vector", []))
    with pytest.raises(HarnessError, match="are not those that scenarios name") as caught:
        check(server)
    assert (
        "instance of manager-a: needed 'manager-a', found 'http://10.0.0.1:10080/metrics'; "
        "its label kubernetes_pod has it"
    ) in caught.value.details
    assert (
        "--prometheus-label instance=kubernetes_pod --prometheus-label job=component "
        "--prometheus-label node=kubernetes_node"
    ) in caught.value.next_step


def test_labels_of_metrics_that_were_renamed_are_shown() -> None:
    server = Server()
    server.series = {"exported_namespace": "n", "exported_pod": "p"}
    with pytest.raises(HarnessError, match="are not those that scenarios name") as caught:
        check(server)
    assert "namespace=exported_namespace --prometheus-label pod=exported_pod" in caught.value.next_step


@pytest.mark.parametrize(
    ("error", "problem", "step"),
    [
        (
            PrometheusUnreachableError("no answer"),
            "cannot be used: no answer",
            "CHAOS_HARNESS_PROMETHEUS_HEADERS",
        ),
        (MalformedAnswerError("html"), "what answers at http://p:9090 is no Prometheus", "/api/v1/targets"),
    ],
)
def test_what_is_no_prometheus_or_does_not_answer_is_told_apart(
    error: HarnessError, problem: str, step: str
) -> None:
    server = Server()

    def fails() -> list[ScrapeTarget]:
        raise error

    server.targets = fails  # type: ignore[method-assign]
    with pytest.raises(HarnessError, match=problem) as caught:
        check(server)
    assert step in caught.value.next_step
