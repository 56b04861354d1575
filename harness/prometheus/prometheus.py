"""Prometheus through prometheus-api-client, over the API server's service proxy.

The library keeps only `data.result` of an answer and hides Prometheus' own error text in an exception's
message. A response hook on the session that it is given sees each answer whole: it raises typed errors and
keeps `resultType`, `warnings` and `infos`, so that the library sends every query and nothing is sent twice.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import yaml

from harness.base.durations import PROMETHEUS, seconds_of
from harness.base.errors import InfrastructureError
from harness.prometheus.between_scrapes import ScrapeGap

if TYPE_CHECKING:
    import requests

_T = TypeVar("_T")

TIMEOUT = 5.0
"""Seconds that a request may take."""

IDENTITY_LABEL = "chaos_harness_stack"
"""The external label that holds the stack's identity."""

_CLOCK_TRIES = 5
# Errors that are Prometheus' trouble, not the query's (web/api/v1/api.go of Prometheus).
_TROUBLE = {"timeout", "canceled", "internal", "unavailable"}


class Gateway(Protocol):
    """The part of a cluster that is needed to reach a Service."""

    def service_proxy_url(self, namespace: str, name: str, port: int | str) -> str:
        """Return the address under which the Service answers."""

    def session(self) -> requests.Session:
        """Return a session that may use it."""


class PrometheusError(InfrastructureError):
    """Prometheus gave no usable answer; the subclasses tell why."""


class PrometheusUnreachableError(PrometheusError):
    """No answer in time, a broken connection, or Prometheus is in trouble."""


class MalformedAnswerError(PrometheusError):
    """Something answered, but not as Prometheus does."""


class WrongPrometheusError(PrometheusError):
    """A Prometheus answered that is not this stack's."""


@dataclass(eq=False)
class QueryRefusedError(PrometheusError):
    """Prometheus refused a query, with its own words.

    Attributes:
        error_type: `bad_data`, `execution`, ...
        error: Prometheus' message.
    """

    error_type: str = ""
    error: str = ""


@dataclass(frozen=True)
class QueryResult:
    """A query's answer, nothing dropped.

    Attributes:
        result_type: vector, matrix, scalar or string; empty when the query was refused.
        result: as Prometheus gave it.
        warnings: of the query.
        infos: annotations of the query.
        error_type: why it was refused, None when it was not.
        error: Prometheus' message.
    """

    result_type: str = ""
    result: list[Any] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)
    error_type: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class ScrapeTarget:
    """A scrape target, as Prometheus sees it.

    Attributes:
        job: its label.
        instance: its label.
        node: its label, empty when it has none.
        health: up, down or unknown (not scraped yet).
        last_scrape: when its last scrape began, seconds since the epoch; None before the first.
        last_error: of its last scrape, empty when it was fine.
        scrape_duration: of its last scrape, seconds.
        scrape_interval: seconds.
        labels: all of its labels.
        address: the URL that Prometheus scrapes.
        namespace: of the pod that it is, empty when it is none.
        pod: the pod's name.
    """

    job: str
    instance: str
    node: str
    health: str
    last_scrape: float | None
    last_error: str
    scrape_duration: float
    scrape_interval: float
    labels: dict[str, str]
    address: str = ""
    namespace: str = ""
    pod: str = ""

    @property
    def port(self) -> int:
        """Where it is scraped."""
        return urlsplit(self.address).port or 80

    @property
    def path(self) -> str:
        """What is scraped."""
        return urlsplit(self.address).path

    @property
    def scrape(self) -> ScrapeGap | None:
        """Its last scrape; None before the first."""
        if self.last_scrape is None:
            return None
        return ScrapeGap(self.last_scrape, self.scrape_duration, self.scrape_interval)


class RawSeries(NamedTuple):
    """The samples of one series.

    Attributes:
        labels: with `__name__`.
        samples: as (seconds since the epoch, value).
        histograms: times of samples that are native histograms, which are no numbers.
    """

    labels: dict[str, str]
    samples: list[tuple[float, float]]
    histograms: list[float] = []


class Prometheus:
    """One Prometheus server. May be used by several threads at once."""

    def __init__(
        self, gateway: Gateway, namespace: str, service: str, port: int | str, *, timeout: float = TIMEOUT
    ) -> None:
        """Prepare to ask; nothing is sent yet.

        Args:
            gateway: the cluster.
            namespace: of Prometheus' Service.
            service: the Service's name.
            port: the Service's port.
            timeout: seconds that a request may take.
        """
        import urllib3
        from prometheus_api_client import PrometheusConnect

        self._url = gateway.service_proxy_url(namespace, service, port)
        self._timeout = timeout
        self._session = gateway.session()
        self._session.hooks["response"].append(self._inspect)
        self._envelope = threading.local()
        # Without a retry object the library repeats a failed request three times, for 6 s.
        self._client = PrometheusConnect(
            self._url, session=self._session, timeout=timeout, retry=urllib3.Retry(0, redirect=0)
        )

    def raw(self, selector: str, seconds: float, at: float | None = None) -> list[RawSeries]:
        """Return the samples as they were scraped: an instant query with a range-vector selector.

        Args:
            selector: an instant-vector selector, without range.
            seconds: how far to look back.
            at: the end of the range, Prometheus' clock; None for its now.

        Raises:
            QueryRefusedError: by Prometheus.
            PrometheusUnreachableError: no answer.
        """
        answer = self._ask(f"{selector}[{round(seconds * 1000)}ms]", at)
        if answer.result_type != "matrix":
            raise MalformedAnswerError(
                f"a range selector gave a {answer.result_type or 'nothing'}, not a matrix"
            )
        found: list[RawSeries] = []
        for series in answer.result:
            values = [(float(when), float(value)) for when, value in series.get("values") or []]
            histograms = [float(when) for when, _ in series.get("histograms") or []]
            if values or histograms:
                found.append(RawSeries(dict(series["metric"]), values, histograms))
        return found

    def query(self, expression: str, at: float | None = None) -> QueryResult:
        """Evaluate an expression; a refusal is an answer too.

        Args:
            expression: PromQL.
            at: evaluation time on Prometheus' clock; None for its now.

        Raises:
            PrometheusUnreachableError: no answer.
        """
        try:
            return self._ask(expression, at)
        except QueryRefusedError as refusal:
            return QueryResult(error_type=refusal.error_type, error=refusal.error)

    def clock(self) -> tuple[float, float]:
        """Return Prometheus' clock minus the local one, and how far off that may be, in seconds.

        The answer with the shortest round trip counts, taken in the middle of it.
        """
        best: tuple[float, float] | None = None
        for _ in range(_CLOCK_TRIES):
            began = time.time()
            server = float(self._ask("time()", None).result[1])
            ended = time.time()
            uncertainty = (ended - began) / 2
            if best is None or uncertainty < best[1]:
                best = (server - (began + ended) / 2, uncertainty)
        assert best is not None
        return best

    def targets(self) -> list[ScrapeTarget]:
        """Return all active targets."""

        def ask() -> list[ScrapeTarget]:
            data = self._client.get_targets(state="active")
            return [_target(active) for active in data["activeTargets"]]

        return self._guard("ask for the targets", ask)

    def identity(self) -> str | None:
        """Return the identity of the stack that it is part of; None when it has none.

        External labels do not show in query results, so the configuration that it runs with is read.

        Raises:
            PrometheusUnreachableError: no answer.
            MalformedAnswerError: something else answered.
        """

        def ask() -> Any:
            response = self._session.get(f"{self._url}/api/v1/status/config", timeout=self._timeout)
            running = yaml.safe_load(response.json()["data"]["yaml"]) or {}
            return (running.get("global") or {}).get("external_labels") or {}

        found = self._guard("read the configuration of Prometheus", ask).get(IDENTITY_LABEL)
        return None if found is None else str(found)

    def check_identity(self, expected: str) -> None:
        """Make sure that it is this stack's Prometheus that answers.

        Raises:
            WrongPrometheusError: its identity is another one, or it has none.
        """
        found = self.identity()
        if found != expected:
            raise WrongPrometheusError(
                "another Prometheus answers than the one of this stack",
                next_step="bring the stack up again: chaos-harness up --fresh",
                details=[f"expected {IDENTITY_LABEL}: {expected}", f"found: {found}", f"at: {self._url}"],
            )

    def ready(self) -> bool:
        """Return whether Prometheus answers and is ready to serve queries."""
        try:
            return bool(self._get("/-/ready").ok)
        except PrometheusUnreachableError:
            return False

    def _ask(self, expression: str, at: float | None) -> QueryResult:
        params = {} if at is None else {"time": f"{at:.3f}"}
        self._envelope.body = {}
        result = self._guard("query Prometheus", lambda: self._client.custom_query(expression, params))
        body = self._envelope.body
        return QueryResult(
            result_type=str(body.get("data", {}).get("resultType", "")),
            result=list(result),
            warnings=list(body.get("warnings") or []),
            infos=list(body.get("infos") or []),
        )

    def _get(self, path: str) -> requests.Response:
        return self._guard(
            f"get {path} of Prometheus", lambda: self._session.get(self._url + path, timeout=self._timeout)
        )

    def _guard(self, doing: str, call: Callable[[], _T]) -> _T:
        from requests import JSONDecodeError, RequestException

        wrong: Exception
        try:
            return call()
        except JSONDecodeError as error:
            wrong = error
        except RequestException as error:
            raise PrometheusUnreachableError(
                f"cannot {doing}: no answer",
                next_step="look whether Prometheus runs: chaos-harness status",
                details=[f"{type(error).__name__}: {error}"],
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError, yaml.YAMLError) as error:
            wrong = error
        raise MalformedAnswerError(
            f"cannot {doing}: the answer is not Prometheus' own", details=[repr(wrong)]
        ) from wrong

    def _inspect(self, response: requests.Response, *_args: Any, **_options: Any) -> None:
        """See each answer before the library does."""
        try:
            body = response.json()
        except ValueError:
            body = None
        if isinstance(body, dict) and body.get("status") in {"success", "error"}:
            self._envelope.body = body
            if body["status"] == "success":
                return
            error_type, error = str(body.get("errorType", "")), str(body.get("error", ""))
            if error_type in _TROUBLE:
                raise PrometheusUnreachableError(
                    f"Prometheus is in trouble: {error_type}", details=error.splitlines()
                )
            raise QueryRefusedError(
                f"Prometheus refused the query: {error_type}",
                details=error.splitlines(),
                error_type=error_type,
                error=error,
            )
        if response.status_code >= 400:
            # Not Prometheus' envelope: the API server's Status (no endpoints, connection refused), or a
            # not-ready Prometheus' plain text.
            message = str(body.get("message", "")) if isinstance(body, dict) else response.text[:500]
            raise PrometheusUnreachableError(
                f"Prometheus, or what stands before it, answers with HTTP {response.status_code}",
                next_step="look whether Prometheus runs: chaos-harness status",
                details=message.splitlines(),
            )


def _target(active: dict[str, Any]) -> ScrapeTarget:
    labels = dict(active.get("labels") or {})
    discovered = dict(active.get("discoveredLabels") or {})
    return ScrapeTarget(
        job=labels.get("job", ""),
        instance=labels.get("instance", ""),
        node=labels.get("node", ""),
        health=str(active.get("health", "unknown")),
        last_scrape=_epoch(str(active.get("lastScrape", ""))),
        last_error=str(active.get("lastError", "")),
        scrape_duration=float(active.get("lastScrapeDuration", 0.0)),
        scrape_interval=seconds_of(str(active.get("scrapeInterval", "")), PROMETHEUS),
        labels=labels,
        address=str(active.get("scrapeUrl", "")),
        namespace=str(discovered.get("__meta_kubernetes_namespace", "")),
        pod=str(discovered.get("__meta_kubernetes_pod_name", "")),
    )


def _epoch(text: str) -> float | None:
    """Return an RFC 3339 time in seconds since the epoch; None for Go's zero time."""
    if not text or text.startswith("0001-"):
        return None
    # Go writes up to nine digits; datetime reads six.
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()
