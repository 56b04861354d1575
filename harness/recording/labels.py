"""The labels of a recorded series: which are the target's, and which are not."""

from __future__ import annotations

from collections.abc import Mapping

TARGET_LABELS = ("job", "instance", "node")
"""The labels that Prometheus adds to every series of a target (fixtures/manifests/prometheus.yaml)."""

WORKLOAD_JOB = "workload"
"""The scrape job of the pods of scenarios; all other jobs are Chaos Mesh's and Prometheus' own."""


def without_target(labels: Mapping[str, str]) -> dict[str, str]:
    """Return a label set without the target's labels."""
    return {name: value for name, value in labels.items() if name not in TARGET_LABELS}
