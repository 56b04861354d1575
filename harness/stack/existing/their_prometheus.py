"""Looks at a Prometheus that scrapes Chaos Mesh already: whether of this cluster, how often, which labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.base import working_time
from harness.base.defaults import DEFAULT_INTERVAL
from harness.base.errors import InfrastructureError, UsageError
from harness.base.waiting import asking
from harness.chaosmesh.components import COMPONENTS
from harness.kubernetes.client import Object
from harness.prometheus.prometheus import (
    MalformedAnswerError,
    Prometheus,
    PrometheusError,
    ScrapeTarget,
)
from harness.prometheus.promql import quote
from harness.stack.existing.options import HEADERS_VARIABLE, LABELS

_EXPORTED = "exported_"
"""What Prometheus puts before the label of a metric that its target has, too, without honor_labels."""
_MOST_DIFFERENCES = 20
_ALWAYS = "go_goroutines"
"""Of the Go client library: each component has it from its start."""

_DOWN_SCRAPES, _DOWN_SECONDS = 3, 60.0
"""A target that is down is given so many more scrapes, and so many seconds in all."""

LONGEST_INTERVAL = 30.0
"""Seconds between two scrapes; with more a scenario takes minutes, and has to be asked for."""


class WrongPrometheusUrlError(UsageError):
    """What is at the address does not serve: no Prometheus, not this cluster's, or it scrapes too little."""


@dataclass(frozen=True)
class Scraped:
    """A component's pod and the target that it is.

    Attributes:
        job, pod, node: as the harness names them.
        target: as that Prometheus has it.
    """

    job: str
    pod: str
    node: str
    target: ScrapeTarget


@dataclass(frozen=True)
class TheirPrometheus:
    """What was found.

    Attributes:
        interval: between two scrapes, seconds; the longest of the components.
        scraped: the components' pods.
    """

    interval: float
    scraped: list[Scraped]


def check(
    server: Prometheus,
    url: str,
    pods: Mapping[str, list[Object]],
    wanted_interval: float,
    *,
    not_ready: list[str],
    clock: Callable[[], float] = working_time.now,
    pause: Callable[[float], None] = working_time.sleep,
) -> TheirPrometheus:
    """Return how a Prometheus scrapes the components.

    Args:
        server: at the address.
        url: the address, for messages.
        pods: of the components, by job.
        wanted_interval: what the command line says.
        not_ready: nodes whose pods do not count.
        clock: seconds, for the bound.
        pause: waits some seconds between two looks: Prometheus has no event to wait for.

    Raises:
        WrongPrometheusUrlError: it is none, or does not scrape the components of this cluster.
        InfrastructureError: it does not answer, or a target is down.
    """
    targets = _targets(server, url)
    scraped, missing = _match(targets, pods, not_ready)
    if not scraped:
        raise WrongPrometheusUrlError(
            f"the Prometheus {url} scrapes nothing of this cluster's Chaos Mesh",
            next_step="name the one that scrapes it, have it scrape the components "
            "(docs/existing-cluster.md), or leave --prometheus-url out: the harness installs one",
            details=[f"it has {len(targets)} targets; none is a pod of {', '.join(sorted(pods))}"],
        )
    if missing:
        raise WrongPrometheusUrlError(
            f"the Prometheus {url} does not scrape all of Chaos Mesh: {', '.join(missing)} missing",
            next_step="have it scrape them (docs/existing-cluster.md), or leave --prometheus-url out",
            details=[f"it scrapes {each.job} {each.pod}" for each in scraped],
        )
    interval = max(each.target.scrape_interval for each in scraped)
    _check_interval(url, interval, wanted_interval)

    def down() -> list[Scraped]:
        again, _ = _match(_targets(server, url), pods, not_ready)
        return [each for each in again if each.target.health != "up"]

    _await_up(down, url, interval, clock, pause)
    _check_labels(server, url, scraped)
    return TheirPrometheus(interval, scraped)


def _await_up(
    down: Callable[[], list[Scraped]],
    url: str,
    interval: float,
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> None:
    """Wait until no target is down: a scrape that timed out once says nothing about the next.

    Raises:
        InfrastructureError: one stays down.
    """
    from tenacity import RetryError, retry_if_result

    seconds = min(_DOWN_SCRAPES * interval, _DOWN_SECONDS)
    try:
        asking(retry_if_result(bool), seconds=seconds, every=min(interval, 1.0), clock=clock, sleep=pause)(
            down
        )
    except RetryError as late:
        found: list[Scraped] = late.last_attempt.result()
        raise InfrastructureError(
            f"the Prometheus {url} does not reach {', '.join(f'{each.job} {each.pod}' for each in found)}",
            next_step=f"look at its page of targets, {url}/targets",
            details=[
                f"{each.target.address}: {each.target.last_error or 'not scraped yet'}; still so after "
                f"{seconds:g} s"
                for each in found
            ],
        ) from late


def _check_labels(server: Prometheus, url: str, scraped: list[Scraped]) -> None:
    """Make sure that targets and series have the labels that scenarios name.

    Raises:
        WrongPrometheusUrlError: they have others; the details show the difference.
    """
    differences: dict[str, None] = {}
    suggested: dict[str, str] = {}
    for each in scraped:
        for label, needed in {"job": each.job, "instance": each.pod, "node": each.node}.items():
            found = each.target.labels.get(label, "")
            if found == needed:
                continue
            there = sorted(name for name, value in each.target.labels.items() if value == needed)
            also = f"; its label {' or '.join(there)} has it" if there else ""
            differences[f"{label} of {each.pod}: needed {needed!r}, found {found!r}{also}"] = None
            if there:
                suggested.setdefault(label, there[0])
    for each in scraped:
        own = each.target.labels
        where = ", ".join(f"{name}={quote(own[name])}" for name in ("job", "instance") if name in own)
        # A dashboard that has archived nothing yet has none of its own.
        answer = server.query(f'{{__name__=~"chaos_.+|{_ALWAYS}", {where}}}')
        if not answer.result:
            differences[f"{each.pod}: no series of it, neither chaos_* nor {_ALWAYS}"] = None
        for element in answer.result:
            for name in element["metric"]:
                label = name.removeprefix(_EXPORTED)
                if name.startswith(_EXPORTED) and label in LABELS:
                    differences[f"{label} of metrics: the target's own, and theirs is {name}"] = None
                    suggested.setdefault(label, name)
            wrong = element["metric"].get("instance")
            if wrong != own.get("instance"):
                differences[f"instance of series of {each.pod}: found {wrong!r}"] = None
    if differences:
        options = " ".join(
            f"--prometheus-label {name}={theirs}" for name, theirs in sorted(suggested.items())
        )
        raise WrongPrometheusUrlError(
            f"the labels of the Prometheus {url} are not those that scenarios name",
            next_step=f"say which labels it has in their place: {options}"
            if options
            else "have it set job, instance and node as docs/existing-cluster.md says",
            details=list(differences)[:_MOST_DIFFERENCES],
        )


def _targets(server: Prometheus, url: str) -> list[ScrapeTarget]:
    try:
        return server.targets()
    except MalformedAnswerError as error:
        raise WrongPrometheusUrlError(
            f"what answers at {url} is no Prometheus",
            next_step="write what comes before /api/v1/targets in its address",
            details=error.details,
        ) from error
    except PrometheusError as error:
        raise InfrastructureError(
            f"the Prometheus {url} cannot be used: {error.problem}",
            next_step=f"look whether you reach it: curl {url}/api/v1/targets; headers for it, such as "
            f"Authorization, are taken from {HEADERS_VARIABLE}",
            details=error.details,
        ) from error


def _match(
    targets: list[ScrapeTarget], pods: Mapping[str, list[Object]], not_ready: list[str]
) -> tuple[list[Scraped], list[str]]:
    scraped, missing = [], []
    for job, found in pods.items():
        if job not in COMPONENTS:
            continue
        port = COMPONENTS[job].metrics_port
        for pod in found:
            node = str(pod["spec"].get("nodeName", ""))
            if node in not_ready:
                continue
            name, namespace = str(pod["metadata"]["name"]), str(pod["metadata"]["namespace"])
            address = str((pod.get("status") or {}).get("podIP", ""))
            own = [
                each
                for each in targets
                if each.port == port
                and (
                    (each.namespace, each.pod) == (namespace, name)
                    or urlsplit(each.address).hostname == address
                )
            ]
            if own:
                scraped.append(Scraped(job, name, node, min(own, key=lambda each: (each.job, each.instance))))
            else:
                missing.append(f"{job} {name}")
    return scraped, missing


def _check_interval(url: str, interval: float, wanted: float) -> None:
    asked = wanted != DEFAULT_INTERVAL
    if asked and wanted != interval:
        raise UsageError(
            f"the Prometheus {url} scrapes every {interval:g} s, not {wanted:g} s as --scrape-interval says",
            next_step="leave --scrape-interval out: that of the Prometheus counts",
        )
    if interval > LONGEST_INTERVAL and not asked:
        raise UsageError(
            f"the Prometheus {url} scrapes every {interval:g} s, so each scenario would take minutes",
            next_step=f"have it scrape Chaos Mesh every {LONGEST_INTERVAL:g} s or more often, leave "
            f"--prometheus-url out, or accept it: --scrape-interval {interval:g}",
        )
