"""The rules and dashboards as objects for clusters with the Prometheus operator, of the files that ship."""

from __future__ import annotations

import textwrap
from pathlib import Path

from harness.base import bundled
from harness.stack import alerts

FOLDER = "kube-prometheus"
"""Of fixtures; its kustomization names what is made here."""

_MADE = "# Made by `python -m harness.stack.dashboards`; change what it is made of.\n"
_LONG = "# yamllint disable rule:line-length\n"
_RULE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: chaos-mesh
  labels: {prometheus: k8s, role: alert-rules}
spec:
"""
_DASHBOARD = """\
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: chaos-mesh-dashboard-@{name}
  # The chart's Grafana has a sidecar that takes ConfigMaps with this label.
  labels: {grafana_dashboard: "1"}
  annotations: {grafana_folder: Chaos Mesh}
data:
  @{name}.json: |
"""


def made() -> dict[str, str]:
    """Return the files that are made, by name: the PrometheusRule, and the dashboards' ConfigMaps."""
    folder = bundled.fixtures() / "dashboards"
    rules = "".join(textwrap.indent(_groups(path), "  ") for path in alerts.files())
    maps = "".join(
        _DASHBOARD.replace("@{name}", path.stem) + textwrap.indent(path.read_text(encoding="utf-8"), "    ")
        for path in sorted(folder.glob("*.json"))
    )
    return {
        "prometheus-rule.yaml": _MADE + _LONG + _RULE + rules,
        "dashboards.yaml": _MADE + _LONG + maps,
    }


def _groups(path: Path) -> str:
    """Return the groups of a file of rules, without what is written above them."""
    return "groups:" + path.read_text(encoding="utf-8").partition("\ngroups:")[2]
