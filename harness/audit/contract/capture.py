"""Captures what each component exposes, between two of Prometheus' scrapes.

A look that a scrape overlapped (harness/prometheus/between_scrapes.py) is thrown away and taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from harness.base.errors import HarnessError, InfrastructureError
from harness.kubernetes.client import HttpAnswer
from harness.prometheus.between_scrapes import ScrapeGap, Time, await_gap, gap_between
from harness.prometheus.prometheus import ScrapeTarget

TRIES = 5
"""How often a target is looked at before it is given up."""

_PATH = "/metrics"
_TIMEOUT = 10.0
_POLL_SECONDS = 0.02
_SLACK_SECONDS = 5.0


class Proxy(Protocol):
    """The part of a cluster that is needed to reach a pod."""

    def proxy_fetch(
        self, resource: str, namespace: str, name: str, port: int | str, path: str, *, timeout: float = ...
    ) -> HttpAnswer:
        """Send a GET to a port of a pod."""


class Scraper(Protocol):
    """The part of Prometheus that is needed to know when it scrapes."""

    def targets(self) -> list[ScrapeTarget]:
        """Return all active targets."""


class NotCapturedError(InfrastructureError):
    """A target was not looked at between two scrapes."""


class TargetGoneError(NotCapturedError):
    """A target is none of Prometheus' any more: its pod was on its way out when the targets were listed."""


@dataclass(frozen=True)
class Captured:
    """The /metrics of one target.

    Attributes:
        job, instance, node: the target's labels.
        body: as it came.
        content_type: of the answer.
        began, ended: of the look, Prometheus' clock.
        tries: how often it was looked at; all but the last overlapped a scrape.
    """

    job: str
    instance: str
    node: str
    body: str
    content_type: str
    began: float
    ended: float
    tries: int


@dataclass(frozen=True)
class Failed:
    """A target of which nothing is known, and why."""

    job: str
    instance: str
    error: HarnessError


def capture(
    proxy: Proxy, scraper: Scraper, clock: Time, jobs: Iterable[str]
) -> tuple[list[Captured], list[Failed]]:
    """Look at every target of some jobs, at all of them at once; one that goes meanwhile is left out.

    Args:
        proxy: the cluster.
        scraper: Prometheus.
        clock: on Prometheus' time.
        jobs: names of scrape jobs.

    Raises:
        PrometheusError: Prometheus does not tell its targets.
    """
    wanted = set(jobs)
    targets = [target for target in scraper.targets() if target.job in wanted]
    if not targets:
        return [], []

    def look(target: ScrapeTarget) -> Captured | Failed | None:
        try:
            return _Look(proxy, scraper, clock, target).take()
        except TargetGoneError:
            return None
        except HarnessError as error:
            return Failed(target.job, target.instance, error)

    with ThreadPoolExecutor(len(targets)) as pool:
        found = list(pool.map(look, targets))
    captured = [each for each in found if isinstance(each, Captured)]
    failed = [each for each in found if isinstance(each, Failed)]
    return sorted(captured, key=lambda each: (each.job, each.instance)), failed


@dataclass
class _Look:
    """Looking at one target."""

    proxy: Proxy
    scraper: Scraper
    clock: Time
    target: ScrapeTarget

    def take(self) -> Captured:
        """Look until nothing overlapped.

        Raises:
            NotCapturedError: the target is down, does not answer, or every look overlapped a scrape.
        """
        for tries in range(1, TRIES + 1):
            before = self._gap()
            began = self.clock.now()
            answer = self._fetch()
            ended = self.clock.now()
            if self._is_between(before, began, ended):
                return Captured(
                    self.target.job,
                    self.target.instance,
                    self.target.node,
                    answer.body.decode(errors="replace"),
                    answer.content_type,
                    began,
                    ended,
                    tries,
                )
        raise NotCapturedError(
            f"{self._name}: none of {TRIES} looks at {_PATH} came between two scrapes of Prometheus",
            next_step="scrape less often: --scrape-interval",
            details=[f"the last scrape took {before.duration:.3f} s, the last look {ended - began:.3f} s"],
        )

    def _gap(self) -> ScrapeGap:
        """Wait for a gap after a scrape that succeeded; return that scrape."""
        for _ in range(TRIES):
            found = self._up()
            if await_gap(self.clock, _scrape_of(found), squeeze=True) is None:
                raise NotCapturedError(
                    f"{self._name}: a scrape takes {found.scrape_duration:.3f} s of the "
                    f"{found.scrape_interval:g} s between two",
                    next_step="scrape less often: --scrape-interval",
                )
            # The one before the gap, which may be newer than the one that it was worked out from.
            now = self._now()
            if now.health == "up":
                return _scrape_of(now)
        raise NotCapturedError(
            f"{self._name} is up and down by turns",
            next_step=f"look at the pod {now.namespace}/{now.pod}",
            details=[now.last_error],
        )

    def _is_between(self, before: ScrapeGap, began: float, ended: float) -> bool:
        """Say whether a look came between a scrape and the very next one."""
        after = _scrape_of(self._scrape(lambda found: _scrape_of(found).began != before.began))
        follows = after.began - before.began < 1.5 * before.interval
        return follows and gap_between(self.clock, before, after.began).holds(began, ended)

    def _fetch(self) -> HttpAnswer:
        answer = self.proxy.proxy_fetch(
            "pods", self.target.namespace, self.target.pod, self.target.port, _PATH, timeout=_TIMEOUT
        )
        if answer.status != 200:
            why = answer.undelivered() or answer.body.decode(errors="replace")
            raise NotCapturedError(
                f"{self._name}: {_PATH} answered {answer.status}",
                next_step=f"look at the pod {self.target.namespace}/{self.target.pod}",
                details=why.splitlines()[:5],
            )
        return answer

    def _up(self) -> ScrapeTarget:
        """Wait for a scrape that succeeded: a busy machine makes one fail now and then.

        One that timed out may go on in the component, so no look may come after it.
        """
        try:
            return self._scrape(lambda found: found.health == "up")
        except NotCapturedError as error:
            found = self._now()
            raise NotCapturedError(
                f"{self._name} is {found.health}",
                next_step=f"look at the pod {found.namespace}/{found.pod}",
                details=[found.last_error] if found.last_error else [],
            ) from error

    def _scrape(self, wanted: Callable[[ScrapeTarget], bool]) -> ScrapeTarget:
        """Wait for a scrape of the target that is as wanted."""
        limit = 3 * self.target.scrape_interval + _SLACK_SECONDS
        end = self.clock.now() + limit
        while True:
            found = self._now()
            if wanted(found):
                return found
            if self.clock.now() >= end:
                raise NotCapturedError(
                    f"{self._name}: no scrape of Prometheus ended within {limit:.0f} s",
                    next_step="look at the target: chaos-harness status",
                )
            assert found.last_scrape is not None
            due = found.last_scrape + found.scrape_interval + found.scrape_duration
            left = max(due - self.clock.now(), _POLL_SECONDS)
            self.clock.sleep(min(left, found.scrape_interval))

    def _now(self) -> ScrapeTarget:
        """Return the target as Prometheus sees it now.

        Raises:
            TargetGoneError: it is none any more.
            NotCapturedError: it was never scraped.
        """
        for found in self.scraper.targets():
            if (found.job, found.instance) == (self.target.job, self.target.instance):
                if found.last_scrape is None:
                    raise NotCapturedError(
                        f"{self._name} was never scraped", next_step="look whether it answers"
                    )
                return found
        raise TargetGoneError(f"{self._name} is no target of Prometheus any more")

    @property
    def _name(self) -> str:
        return f"{self.target.job} {self.target.instance}"


def _scrape_of(target: ScrapeTarget) -> ScrapeGap:
    assert target.scrape is not None
    return target.scrape
