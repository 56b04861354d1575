"""Waits until the components are settled, so that what is compared is what they expose undisturbed.

A component that has just started, or does not lead yet, lacks metrics that it will have: reconciliations and
work queues come with the leadership, and with the first answers of the API server. Settled is a component of
which

- all pods are there and ready, and none is ending;
- of controller-manager, one holds the Lease, acquired since its container started;
- each pod is a target of Prometheus, and no other is, up and scraped since all that;
- soon after a start, every metric that is always there has been scraped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from harness.audit.contract.capture import Scraper
from harness.base.errors import HarnessError
from harness.base.waiting import asking
from harness.chaosmesh import rollout
from harness.chaosmesh.components import COMPONENTS, MANAGER, component_pods
from harness.chaosmesh.daemons import COMPONENT
from harness.chaosmesh.workload import is_ready, why_not_ready
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import ApiError
from harness.prometheus.between_scrapes import Time
from harness.prometheus.prometheus import QueryResult
from harness.prometheus.promql import quote

SETTLE_SECONDS = 90.0
"""How long all components together may take to settle. A lost Lease expires after 15 s; a container that
crashed is started again after 10, 20 or 40 s."""

YOUNG_SECONDS = 60.0
"""So long after its start a component may not expose yet what it always exposes."""

_POLL_SECONDS = 0.5
# The kubelet tells times in whole seconds.
_ROUNDED_SECONDS = 1.0
_SHOWN = 3


class Asked(Scraper, Protocol):
    """The part of Prometheus that is needed."""

    def query(self, expression: str, at: float | None = None) -> QueryResult:
        """Evaluate an expression."""


@dataclass(frozen=True)
class Settling:
    """What is waited for.

    Attributes:
        cluster: the Kubernetes API.
        prometheus: of type Asked.
        clock: Prometheus' time.
        namespace: where Chaos Mesh is.
        always: job to the metrics that it always exposes, each with the names of its series.
    """

    cluster: Cluster
    prometheus: Asked
    clock: Time
    namespace: str
    always: Mapping[str, Mapping[str, Collection[str]]]

    def wait(self, seconds: float = SETTLE_SECONDS) -> dict[str, str]:
        """Wait until all are settled; return those that are not, each with the reason."""
        from tenacity import RetryError, retry_if_not_result

        left = dict.fromkeys(self.always, "")

        def look() -> bool:
            nonlocal left
            left = {job: why for job in left if (why := self._why_not(job))}
            return not left

        settling = asking(
            retry_if_not_result(bool),
            seconds=seconds,
            every=_POLL_SECONDS,
            clock=self.clock.now,
            sleep=self.clock.sleep,
        )
        with contextlib.suppress(RetryError):
            settling(look)
        return {job: f"not settled within {seconds:.0f} s: {why}" for job, why in left.items()}

    def _why_not(self, job: str) -> str:
        """Return why a component is not settled, or ""."""
        try:
            return self._unsettled(job)
        except (ApiError, HarnessError) as error:
            # The API server or Prometheus may be what was disturbed; it counts when it lasts.
            return str(error)

    def _unsettled(self, job: str) -> str:
        pods = self.cluster.list("Pod", self.namespace, f"{COMPONENT}={job}")
        wanted = len(pods)
        if job in COMPONENTS:
            wanted = rollout.wanted_pods(self.cluster, component_pods(job, self.namespace))
        if len(pods) != wanted or not all(map(is_ready, pods)):
            ready = sum(map(is_ready, pods))
            details = "; ".join([line for pod in pods for line in why_not_ready(pod)][:_SHOWN])
            return f"{ready} of {wanted} pods are ready{f' ({details})' if details else ''}"
        since = max(map(_started, pods), default=0.0)
        if job == MANAGER and pods:
            acquired, why = self._leads(pods)
            if why:
                return why
            since = max(since, acquired)
        return self._unscraped(job, pods, since)

    def _leads(self, pods: list[Object]) -> tuple[float, str]:
        """Return since when one of the pods leads, or why none does; of a manager without a Lease all do."""
        lease = self.cluster.get("Lease", rollout.LEASE, self.namespace)
        if lease is None:
            return 0.0, ""
        holder = rollout.holder(lease)
        pod = next((pod for pod in pods if pod["metadata"]["name"] == holder), None)
        if pod is None:
            return 0.0, f"no pod of it leads: the Lease {rollout.LEASE} is held by {holder or 'nobody'}"
        acquired = _time((lease.get("spec") or {}).get("acquireTime"))
        if acquired and acquired < _started(pod):
            # Restarted in place, the pod has the name of the process that held it, and not its identity.
            return 0.0, f"no pod of it leads: {holder} was restarted and has not acquired the Lease again"
        return acquired, ""

    def _unscraped(self, job: str, pods: list[Object], since: float) -> str:
        names = {str(pod["metadata"]["name"]) for pod in pods}
        targets = [target for target in self.prometheus.targets() if target.job == job]
        if lacking := names - {target.pod for target in targets}:
            return f"Prometheus has no target of {', '.join(sorted(lacking))}"
        for target in targets:
            if target.pod not in names:
                return f"Prometheus still has the target {target.instance}, whose pod is gone"
            if target.health != "up" or target.last_scrape is None:
                why = f": {target.last_error}" if target.last_error else ""
                return f"the target {target.instance} is {target.health}{why}"
            if target.last_scrape < since + _ROUNDED_SECONDS + target.scrape_interval:
                return f"the target {target.instance} was not scraped since it started or leads"
        if self.clock.now() - since >= YOUNG_SECONDS:
            return ""
        return self._not_exposed_yet(job)

    def _not_exposed_yet(self, job: str) -> str:
        answer = self.prometheus.query(f"group by (__name__) ({{job={quote(job)}}})")
        if answer.error is not None:
            return f"Prometheus does not tell what it exposes: {answer.error}"
        there = {str(element["metric"].get("__name__")) for element in answer.result}
        lacking = sorted(name for name, series in self.always[job].items() if not there & set(series))
        if not lacking:
            return ""
        more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
        return f"it was just started, and does not expose {', '.join(lacking[:_SHOWN])}{more} yet"


def _started(pod: Object) -> float:
    """Return when the newest of a pod's containers started, seconds; 0 when none runs."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return max(
        (_time(((each.get("state") or {}).get("running") or {}).get("startedAt")) for each in statuses),
        default=0.0,
    )


def _time(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else 0.0
