"""The rendered Grafana: what it shows, whom it asks, who may do what."""

from __future__ import annotations

import json
from typing import Any

import yaml

from harness.base import bundled
from harness.chaosmesh import grafana as where
from harness.stack import grafana, prometheus

IMAGE = "example.org/grafana:1"


def objects(interval: float = 1.0) -> dict[tuple[str, str], Any]:
    found = yaml.safe_load_all(grafana.render(IMAGE, interval))
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def container() -> dict[str, Any]:
    found: dict[str, Any] = objects()["Deployment", "grafana"]["spec"]["template"]["spec"]["containers"][0]
    return found


def provisioned(file: str, interval: float = 1.0) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        objects(interval)["ConfigMap", "grafana-provisioning"]["data"][file]
    )
    return found


def test_nothing_is_left_to_fill_in() -> None:
    assert "@{" not in grafana.render(IMAGE, 1.0)


def test_all_is_in_the_namespace_of_prometheus_which_makes_it() -> None:
    assert {each["metadata"]["namespace"] for each in objects().values()} == {prometheus.ADDRESS.namespace}
    assert not any(kind == "Namespace" for kind, _ in objects())


def test_each_dashboard_is_there_as_it_is_imported() -> None:
    found = objects()["ConfigMap", "grafana-dashboards"]["data"]
    files = {path.name: path.read_text() for path in (bundled.fixtures() / "dashboards").glob("*.json")}
    assert found == files
    assert len({json.loads(text)["uid"] for text in found.values()}) == 5
    assert all(where.TAG in json.loads(text)["tags"] for text in found.values())


def test_a_config_map_takes_them() -> None:
    # 1 MiB: https://kubernetes.io/docs/concepts/configuration/configmap/#motivation
    assert len(grafana.render(IMAGE, 1.0)) < 1024 * 1024


def test_the_data_source_is_our_prometheus_and_the_default() -> None:
    (source,) = provisioned("datasources.yaml", 0.5)["datasources"]
    assert source["url"] == "http://prometheus.chaos-harness.svc:9090"
    assert (source["type"], source["uid"], source["isDefault"]) == ("prometheus", where.SOURCE, True)
    assert source["jsonData"] == {"timeInterval": "500ms"}


def test_dashboards_are_read_from_where_they_are_mounted() -> None:
    (provider,) = provisioned("dashboards.yaml")["providers"]
    mounts = {each["mountPath"]: each["name"] for each in container()["volumeMounts"]}
    assert mounts[provider["options"]["path"]] == "dashboards"
    # Beside the folder of what is provisioned, in one that Grafana reads as plain files.
    assert not provider["options"]["path"].startswith("/etc/grafana/provisioning")


def test_nobody_may_change_anything_and_nothing_outside_is_asked() -> None:
    settings = {each["name"]: each["value"] for each in container()["env"]}
    assert settings["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert settings["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert {name for name, value in settings.items() if value == "false"} == {
        "GF_ANALYTICS_REPORTING_ENABLED",
        "GF_ANALYTICS_CHECK_FOR_UPDATES",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES",
        "GF_NEWS_NEWS_FEED_ENABLED",
    }


def test_the_service_and_the_selector_find_the_pod() -> None:
    service, deployment = objects()["Service", "grafana"], objects()["Deployment", "grafana"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"] == labels
    assert service["spec"]["ports"][0]["port"] == grafana.ADDRESS.port
    assert container()["ports"][0]["containerPort"] == grafana.ADDRESS.port
    assert container()["image"] == IMAGE


def test_a_change_starts_the_pod_anew() -> None:
    def mark(interval: float) -> str:
        template = objects(interval)["Deployment", "grafana"]["spec"]["template"]
        return str(template["metadata"]["annotations"]["chaos-harness/configuration"])

    assert mark(1.0) == mark(1.0)
    assert mark(1.0) != mark(2.0)


def test_prometheus_does_not_scrape_it() -> None:
    labels = objects()["Deployment", "grafana"]["spec"]["template"]["metadata"]["labels"]
    assert labels == {"app": "grafana"}, "Prometheus' own job takes app=prometheus, workloads their own label"
