"""Scrape targets as Prometheus has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from harness.prometheus.prometheus import ScrapeTarget
from harness.runner.diagnostics.scene import DiagnosticsContext


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Prometheus' scrape targets: health, last scrape, last error."""
    found = sorted(scene.prometheus.targets(), key=lambda each: (each.job, each.instance))
    yield "targets.txt", "".join(map(_line, found)) or "Prometheus has no target\n"


def _line(target: ScrapeTarget) -> str:
    at = "never"
    if target.last_scrape is not None:
        at = datetime.fromtimestamp(target.last_scrape, UTC).isoformat(timespec="milliseconds")
    error = f": {target.last_error}" if target.last_error else ""
    return (
        f"{target.job} {target.instance} node={target.node} {target.health}, last scrape {at}, "
        f"took {target.scrape_duration:.3f} of {target.scrape_interval:g} s, {target.address}{error}\n"
    )
