"""What the components themselves expose, past Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.chaosmesh.components import WORKLOAD
from harness.prometheus.between_scrapes import ScrapeGap, await_newest_gap
from harness.prometheus.prometheus import ScrapeTarget
from harness.runner.diagnostics.collect import SECONDS
from harness.runner.diagnostics.scene import DiagnosticsContext

_MOST_TARGETS = 4
_FETCH_SECONDS = 2.0
_NAME = re.compile(r"(?:# (?:HELP|TYPE) )?([A-Za-z_:][\w:]*)")
_NAMESPACE = re.compile(r'[{,]namespace="([^"]*)"')


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """What components expose of the metrics that were not as expected, read between two scrapes."""
    found = [each for each in scene.prometheus.targets() if each.job in scene.jobs and each.pod]
    own = [each for each in found if each.job != WORKLOAD or each.namespace == scene.namespace]
    for target in own[:_MOST_TARGETS]:
        yield f"metrics/{target.job}.{target.pod}.prom", _exposed(scene, target)


def _exposed(scene: DiagnosticsContext, target: ScrapeTarget) -> str:
    """Return what a target exposes of the wanted metrics, with comments that say how it was read."""
    newest = target.scrape

    def asked() -> ScrapeGap | None:
        nonlocal newest
        same = (each.scrape for each in scene.prometheus.targets() if each.address == target.address)
        newest = next(same, newest)
        return newest

    gap = await_newest_gap(scene.clock, asked, SECONDS) if newest else None
    if newest and gap is None:
        return (
            f"# not read: a scrape takes {newest.duration:.3f} of {newest.interval:g} s; "
            "between two there is no time for a look that disturbs none\n"
        )
    began = scene.clock.now()
    answer = scene.cluster.proxy_fetch(
        "pods", target.namespace, target.pod, target.port, target.path, timeout=_FETCH_SECONDS
    )
    ended = scene.clock.now()
    head = f"# {target.address}: HTTP {answer.status}, read in {ended - began:.3f} s between two scrapes\n"
    if gap and not gap.holds(began, ended):
        head += "# it took longer than the time between two scrapes: it may be a part only\n"
    return head + _wanted(answer.body.decode(errors="replace"), scene)


def _wanted(body: str, scene: DiagnosticsContext) -> str:
    """Return the lines of the wanted metrics; of those with a namespace, the scenario's own series."""
    families = {re.sub(r"_(?:bucket|sum|count|total)$", "", name) for name in scene.metrics}
    kept, others = [], 0
    for line in body.splitlines():
        name = _NAME.match(line)
        if name is None or re.sub(r"_(?:bucket|sum|count|total)$", "", name[1]) not in families:
            continue
        namespace = None if line.startswith("#") else _NAMESPACE.search(line)
        if namespace is not None and namespace[1] != scene.namespace:
            others += 1
        else:
            kept.append(line)
    if others:
        kept.append(f"# {others} series of other namespaces are left out")
    if not kept:
        kept.append(f"# nothing of {', '.join(sorted(scene.metrics)) or 'any metric'}")
    return "\n".join(kept) + "\n"
