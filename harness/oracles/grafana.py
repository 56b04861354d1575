"""What Grafana has: our dashboards, and a data source that answers."""

from __future__ import annotations

from typing import Any, ClassVar

from harness.chaosmesh import grafana
from harness.oracles.asking import json_of
from harness.oracles.base import Oracle, Parameters
from harness.recording.model import Point


class GrafanaDashboards(Oracle):
    """Lists the dashboards that Grafana has loaded, by uid; each is 1."""

    name: ClassVar[str] = "grafana-dashboards"
    summary: ClassVar[str] = "our dashboards that Grafana has, by uid, as its API lists them"
    parameters: ClassVar[type[Parameters]] = Parameters

    def read(self, parameters: Parameters) -> list[Point]:
        """List them."""
        found = _answer(self, "api/search", {"type": "dash-db", "tag": grafana.TAG})
        return [Point(labels={"dashboard": str(each["uid"])}, value=1) for each in found]


class GrafanaSource(Oracle):
    """Tells whether Grafana reaches our Prometheus: 1, or no point when its check says no."""

    name: ClassVar[str] = "grafana-source"
    summary: ClassVar[str] = "1 when Grafana's own check of its data source, our Prometheus, succeeds"
    parameters: ClassVar[type[Parameters]] = Parameters

    def read(self, parameters: Parameters) -> list[Point]:
        """Let it check."""
        said = _answer(self, f"api/datasources/uid/{grafana.SOURCE}/health", {})
        return [Point(labels={"source": grafana.SOURCE}, value=1)] if said.get("status") == "OK" else []


def _answer(oracle: Oracle, path: str, params: dict[str, str]) -> Any:
    return json_of(
        oracle.world.cluster,
        "Grafana",
        "services",
        grafana.NAMESPACE,
        grafana.NAME,
        grafana.PORT,
        path,
        params,
    )


ORACLES = [GrafanaDashboards, GrafanaSource]
