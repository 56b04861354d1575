"""Our Prometheus: rendered, installed, and proven to be ours before anybody queries it."""

from __future__ import annotations

import hashlib
import json
import math
import string
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from harness.base import bundled
from harness.base.errors import InfrastructureError
from harness.base.progress import Progress
from harness.base.waiting import asking
from harness.chaosmesh.components import METRICS_PORTS
from harness.chaosmesh.daemons import DAEMON
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import ApiError
from harness.kubernetes.namespaces import HARNESS_NAMESPACE
from harness.prometheus.prometheus import Prometheus, ScrapeTarget
from harness.stack import alerts
from harness.stack.handle import ServiceAddress
from harness.stack.kubectl import REQUEST_SECONDS, Kubectl

ADDRESS = ServiceAddress(namespace=HARNESS_NAMESPACE, name="prometheus", port=9090)
POD = (ADDRESS.namespace, "app=prometheus", "prometheus")
"""Its namespace, a label selector that finds it, and its container (fixtures/manifests/prometheus.yaml)."""

_ROLLOUT_SECONDS = 120.0
_TARGETS_SECONDS = 60.0
# More for a slow node, whose first scrapes find nothing cached.
_SLOW_SCRAPES = 6
_POLL_SECONDS = 0.25
_SLOWEST_SECONDS = 60.0
# In fixtures/manifests/prometheus.yaml: which pods are scraped as chaos-daemon and as workload, the jobs that
# have targets on the slow node; and what is added to both.
_ON_ANY_NODE = (
    """            regex: chaos-daemon;31766
            action: keep
""",
    """            regex: Succeeded|Failed
            action: drop
""",
)
_SLOWLY = """          - source_labels: [__meta_kubernetes_pod_node_name]
            regex: "@{node}"
            target_label: __scrape_interval__
            replacement: "@{interval}"
          - source_labels: [__meta_kubernetes_pod_node_name]
            regex: "@{node}"
            target_label: __scrape_timeout__
            replacement: "@{interval}"
"""
# A scrape that takes more than this share of the timeout fails as soon as the machine is busy.
_ROOM = 0.8


class ScrapeTooSlowError(InfrastructureError):
    """A target needs longer for one scrape than the scrape interval allows."""


@dataclass(frozen=True)
class Settings:
    """What of Prometheus a user can choose, and what it must find.

    Attributes:
        identity: the external label that tells this Prometheus from any other.
        image: its image.
        chaos_mesh_namespace: where the components are discovered.
        interval, timeout: of a scrape, seconds.
        rules: files with rules of the user, beside those that ship with the harness.
        slow_node: the node whose pods are scraped every `slow_interval`; empty for none.
        slow_interval: interval and timeout of its scrapes, seconds.
    """

    identity: str
    image: str
    chaos_mesh_namespace: str
    interval: float
    timeout: float
    rules: tuple[Path, ...] = ()
    slow_node: str = ""
    slow_interval: float = 0.0

    @property
    def lookback(self) -> float:
        """How long an instant query still returns a sample, seconds.

        Two intervals bridge one missed scrape; the half is for the scrape's own duration. Prometheus'
        default of five minutes would return values of things that are gone.
        """
        return 2.5 * max(self.interval, self.slow_interval)

    def timeout_of(self, target: ScrapeTarget) -> float:
        """Return the timeout of a target's scrapes, seconds."""
        slow = self.slow_node and target.node == self.slow_node
        return max(self.slow_interval, self.timeout) if slow else self.timeout


class _Template(string.Template):
    """A manifest template: `@{name}`, because relabelling uses the dollar sign itself."""

    delimiter = "@"


def render(settings: Settings) -> str:
    """Return the manifest to apply."""
    text = (bundled.fixtures() / "manifests" / "prometheus.yaml").read_text()
    if settings.slow_node:
        slowly = _Template(_SLOWLY).substitute(
            node=settings.slow_node, interval=duration(settings.slow_interval)
        )
        for relabelling in _ON_ANY_NODE:
            text = text.replace(relabelling, relabelling + slowly, 1)
    values = {
        "namespace": ADDRESS.namespace,
        "chaos_mesh_namespace": settings.chaos_mesh_namespace,
        "identity": settings.identity,
        "image": settings.image,
        "interval": duration(settings.interval),
        "timeout": duration(settings.timeout),
        "lookback": duration(settings.lookback),
        # Text in JSON's quotes is text in YAML's.
        "rules": json.dumps(alerts.sooner(settings.interval, settings.rules))[1:-1],
    }
    # A changed configuration starts the pod anew: quicker than waiting for the ConfigMap to arrive.
    digest = hashlib.sha256(repr((text, sorted(values.items()))).encode()).hexdigest()
    return _Template(text).substitute(values, digest=digest[:16])


def duration(seconds: float) -> str:
    """Return seconds in Prometheus' notation: 1.5 is "1500ms"."""
    return f"{round(seconds * 1000)}ms"


def install(kubectl: Kubectl, settings: Settings) -> None:
    """Apply the manifest, without waiting."""
    kubectl.apply("install Prometheus", render(settings))


def client(cluster: Cluster, *, timeout: float = REQUEST_SECONDS) -> Prometheus:
    """Return the Prometheus of the stack; nothing is sent yet."""
    return Prometheus(cluster, ADDRESS.namespace, ADDRESS.name, ADDRESS.port, timeout=timeout)


def wait_ready(kubectl: Kubectl, cluster: Cluster, settings: Settings) -> None:
    """Wait until Prometheus answers, and check that it is the one with our identity.

    Raises:
        CommandError: it did not become ready in time.
        PrometheusError: it does not answer, or something else does at its address.
    """
    kubectl.rollout("deployment", ADDRESS.namespace, "prometheus", timeout=_ROLLOUT_SECONDS)
    client(cluster).check_identity(settings.identity)


def wait_targets(
    cluster: Cluster,
    settings: Settings,
    expected: dict[str, int],
    progress: Progress,
    *,
    leave_out: Collection[str] = (),
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until every component is scraped, and quickly enough for the interval.

    Args:
        cluster: where.
        settings: interval and timeout are checked against what scrapes really take.
        expected: job to number of targets.
        progress: told what is waited for.
        leave_out: nodes whose targets do not count.
        clock: seconds, for the bound.
        pause: waits some seconds between two looks: Prometheus has no event to wait for.

    Raises:
        ScrapeTooSlowError: names the slowest target and an interval that would do.
        InfrastructureError: a target is missing or down.
    """
    from tenacity import RetryError, retry_if_result

    server = client(cluster)

    def look() -> tuple[list[ScrapeTarget], list[str], list[ScrapeTarget]]:
        targets = [target for target in server.targets() if target.node not in leave_out]
        up = [target for target in targets if target.health == "up"]
        slow = [target for target in up if target.scrape_duration > _ROOM * settings.timeout_of(target)]
        return targets, not_scraped(targets, expected), slow

    unlike = retry_if_result(lambda seen: bool(seen[1] or seen[2]))
    every = min(_POLL_SECONDS, settings.interval)
    seconds = _TARGETS_SECONDS + _SLOW_SCRAPES * settings.slow_interval
    try:
        asking(unlike, seconds=seconds, every=every, clock=clock, sleep=pause)(look)
    except RetryError as late:
        targets, waiting, slow = late.last_attempt.result()
    else:
        return
    down = [target for target in targets if target.health != "up"]
    timed_out = [target for target in down if "deadline exceeded" in target.last_error]
    if slow or timed_out:
        raise _too_slow(cluster, settings, [*slow, *timed_out])
    progress.say("Prometheus does not reach every target: " + "; ".join(waiting))
    raise InfrastructureError(
        f"not scraped within {seconds:.0f} s: {'; '.join(waiting)}",
        next_step="look at the component's pod, then run `chaos-harness up` again",
    )


def not_scraped(targets: list[ScrapeTarget], expected: dict[str, int]) -> list[str]:
    """Return what is missing or down, one phrase each."""
    complaints = [
        f"{target.job} {target.instance} is down: {target.last_error or 'not scraped yet'}"
        for target in targets
        if target.job in expected and target.health != "up"
    ]
    counts = Counter(target.job for target in targets)
    complaints += [
        f"{job} has {counts[job]} targets, not {number}"
        for job, number in expected.items()
        if counts[job] != number
    ]
    return complaints


def _too_slow(cluster: Cluster, settings: Settings, slow: list[ScrapeTarget]) -> ScrapeTooSlowError:
    worst = max(slow, key=lambda target: target.scrape_duration)
    seconds = worst.scrape_duration
    if worst.job == DAEMON and worst.health != "up":
        seconds = max(seconds, _time_of_daemon_scrape(cluster, settings, worst.instance))
    apart = bool(settings.slow_node) and worst.node == settings.slow_node
    interval = settings.slow_interval if apart else settings.interval
    fitting = max(math.ceil(seconds / _ROOM * 2) / 2, interval * 2)
    return ScrapeTooSlowError(
        f"a scrape of {worst.job} {worst.instance} takes {seconds:.2f} s, too long for a timeout of "
        f"{settings.timeout_of(worst):g} s at an interval of {interval:g} s",
        next_step=f"use a longer interval: --scrape-interval {fitting:g}"
        + (", run again when this machine is less busy, or leave --uml-worker out" if apart else ""),
    )


def _time_of_daemon_scrape(cluster: Cluster, settings: Settings, pod: str) -> float:
    """Return how long one scrape takes when nobody cuts it off, seconds."""
    port, began = METRICS_PORTS[DAEMON], time.monotonic()
    try:
        answer = cluster.proxy_fetch(
            "pods", settings.chaos_mesh_namespace, pod, port, "/metrics", timeout=_SLOWEST_SECONDS
        )
    except ApiError:
        return _SLOWEST_SECONDS
    return time.monotonic() - began if answer.status == 200 else _SLOWEST_SECONDS
