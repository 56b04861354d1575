"""Prometheus' own pod, when it may be what the trouble is."""

from __future__ import annotations

from collections.abc import Iterator

from harness.runner.diagnostics.collectors.events import events_in
from harness.runner.diagnostics.collectors.logs import logs_of
from harness.runner.diagnostics.collectors.objects import as_yaml
from harness.runner.diagnostics.collectors.pods import lines_of
from harness.runner.diagnostics.scene import DiagnosticsContext
from harness.stack.prometheus import POD


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Prometheus' own pod, its events and its log, where the infrastructure is in trouble."""
    if not scene.infrastructure:
        return
    namespace, selector, _ = POD
    pods = scene.cluster.list("Pod", namespace, selector)
    yield "prometheus/pods.txt", lines_of(pods) or f"there is no pod {selector} in {namespace}\n"
    # Without a pod they say why.
    yield "prometheus/events.txt", events_in(scene, namespace)
    if pods:
        yield "prometheus/Pod.yaml", as_yaml(pods)
    yield from logs_of(scene, pods, "prometheus")
