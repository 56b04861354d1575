"""What the workload itself says when asked over HTTP, through the API server's proxy to its pods."""

from __future__ import annotations

import time
from typing import ClassVar

from harness.chaosmesh.components import WORKLOAD_PORT
from harness.oracles.asking import ASK_SECONDS, InTargets, ThroughDaemon, asked, json_of
from harness.oracles.base import Oracle, OracleError, Parameters
from harness.recording.model import Point

_REQUEST_SECONDS = 0.3
# Of the API server, not of the workload: the connection was refused, or ended without an answer.
_NO_ANSWER = frozenset({502, 503, 504})


class ClockOffset(ThroughDaemon):
    """Tells how far a workload's own clock is from its node's, in seconds; positive when it is ahead.

    Both are compared with the harness' clock: the workload's in the middle of the round trip, the
    node's at its end, as all but the last of an exec's time is spent before the command runs. It is
    exact to some hundredths of a second.
    """

    name: ClassVar[str] = "clock-offset"
    summary: ClassVar[str] = "the workload's own clock minus its node's, seconds, as the workload tells it"
    parameters: ClassVar[type[Parameters]] = InTargets

    def read(self, parameters: InTargets) -> list[Point]:
        """Ask each workload and each node for its time."""
        nodes: dict[str, float] = {}
        points = []
        with asked():
            for target in parameters.targets:
                if target.node not in nodes:
                    told = float(self._daemons.run(target.node, "date +%s.%N"))
                    nodes[target.node] = told - time.time()
                before = time.time()
                told = _ask(self, target.namespace, target.pod, "clock", "time")
                offset = told - (before + time.time()) / 2
                points.append(Point(labels=target.labels(), value=round(offset - nodes[target.node], 3)))
        return points


class Ends(Parameters):
    """Attributes: source, target: names of the workload's pods."""

    source: str
    target: str


class Reachable(Oracle):
    """Tells whether a request of one pod to another is answered: 1 or 0.

    It sends one request of the workload's counted traffic.
    """

    name: ClassVar[str] = "reachable"
    summary: ClassVar[str] = "1 when a request from one of the workload's pods to another is answered, else 0"
    parameters: ClassVar[type[Parameters]] = Ends

    def read(self, parameters: Ends) -> list[Point]:
        """Let the source send one request."""
        with asked():
            pod = self.world.cluster.get("Pod", parameters.target, self.world.namespace)
            address = ((pod or {}).get("status") or {}).get("podIP")
            if not address:
                raise OracleError(f"the pod {parameters.target} has no address")
            answer = _ask(
                self,
                self.world.namespace,
                parameters.source,
                "send",
                "answered",
                {"to": f"{address}:{WORKLOAD_PORT}", "count": "1", "timeout": str(_REQUEST_SECONDS)},
            )
        return [Point(value=int(answer))]


class ReadSeconds(Oracle):
    """Tells how long a workload takes to read its own program's file, in seconds.

    The file is on the volume `/exporter`, so it takes as long as an IOChaos there makes it.
    """

    name: ClassVar[str] = "read-seconds"
    summary: ClassVar[str] = "seconds that the workload takes to read its file below /exporter, as it tells"
    parameters: ClassVar[type[Parameters]] = InTargets

    def read(self, parameters: InTargets) -> list[Point]:
        """Let each workload read."""
        with asked():
            return [
                Point(labels=each.labels(), value=_ask(self, each.namespace, each.pod, "read", "seconds"))
                for each in parameters.targets
            ]


class LookupParameters(InTargets):
    """Attributes: name: what is asked for, as a whole: no domain is searched."""

    name: str


class DnsRcode(Oracle):
    """Tells the response code of a DNS query that a workload sends to its name server.

    0 is NOERROR, 2 SERVFAIL, 3 NXDOMAIN (RFC 1035, 4.1.1). It sends one query for an IPv4 address.
    """

    name: ClassVar[str] = "dns-rcode"
    summary: ClassVar[str] = (
        "the response code of one DNS query by the workload: 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN"
    )
    parameters: ClassVar[type[Parameters]] = LookupParameters

    def read(self, parameters: LookupParameters) -> list[Point]:
        """Let each workload ask."""
        with asked():
            return [
                Point(
                    labels=each.labels(),
                    value=_ask(self, each.namespace, each.pod, "lookup", "rcode", {"name": parameters.name}),
                )
                for each in parameters.targets
            ]


class PageParameters(InTargets):
    """Attributes: path: of the request, without the first slash."""

    path: str


class HttpAnswers(Oracle):
    """Tells whether a workload answers an HTTP request: 1 for any answer of its own, else 0.

    The API server's proxy answers 502 or 503 for a connection that ends without an answer, which is how an
    HTTPChaos with `abort` ends it.
    """

    name: ClassVar[str] = "http-answers"
    summary: ClassVar[str] = (
        "1 when a GET of a page of the workload is answered by the workload itself, else 0"
    )
    parameters: ClassVar[type[Parameters]] = PageParameters

    def read(self, parameters: PageParameters) -> list[Point]:
        """Ask each workload."""
        points = []
        with asked():
            for each in parameters.targets:
                answer = self.world.cluster.proxy_fetch(
                    "pods", each.namespace, each.pod, WORKLOAD_PORT, parameters.path, timeout=ASK_SECONDS
                )
                points.append(Point(labels=each.labels(), value=int(answer.status not in _NO_ANSWER)))
        return points


def _ask(
    oracle: Oracle, namespace: str, pod: str, path: str, key: str, params: dict[str, str] | None = None
) -> float:
    """Return a number of what a workload's pod answers.

    Raises:
        OracleError: it answered something else.
    """
    # What chaos did to the answer is none of the workload's words.
    answer = json_of(oracle.world.cluster, pod, "pods", namespace, pod, WORKLOAD_PORT, path, params)
    if not isinstance(answer, dict) or not isinstance(answer.get(key), int | float):
        raise OracleError(f"{pod} answered /{path} without a number {key}")
    return float(answer[key])


ORACLES = [ClockOffset, DnsRcode, HttpAnswers, ReadSeconds, Reachable]
