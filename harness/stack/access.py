"""How the Prometheus of a stack is reached: through the API server, or by its own address."""

from __future__ import annotations

import os
from collections.abc import Mapping

from harness.kubernetes.client import Cluster
from harness.prometheus.prometheus import TIMEOUT, Prometheus
from harness.prometheus.renamed import RenamedPrometheus
from harness.stack.existing.by_url import UrlGateway, headers_in
from harness.stack.existing.options import HEADERS_VARIABLE
from harness.stack.handle import StackHandle


def prometheus_of(handle: StackHandle, cluster: Cluster, *, timeout: float = TIMEOUT) -> Prometheus:
    """Return the Prometheus of a stack; nothing is sent yet.

    Raises:
        UsageError: the environment variable with its headers holds something else.
    """
    at = handle.prometheus
    if (url := handle.target.prometheus_url) is not None:
        return by_url(url, handle.target.prometheus_labels, timeout=timeout)
    return Prometheus(cluster, at.namespace, at.name, at.port, timeout=timeout)


def by_url(url: str, labels: Mapping[str, str], *, timeout: float = TIMEOUT) -> Prometheus:
    """Return the Prometheus at an address, with the headers that the environment has for it.

    Args:
        url: what comes before `/api/v1/query`.
        labels: our name of a label to the one that it has in its place.
        timeout: seconds that a request may take.

    Raises:
        UsageError: the environment variable with its headers holds something else.
    """
    headers = headers_in(os.environ.get(HEADERS_VARIABLE, ""), HEADERS_VARIABLE)
    gateway = UrlGateway(url, headers)
    if labels:
        return RenamedPrometheus(gateway, "", "", 0, names=labels, timeout=timeout)
    return Prometheus(gateway, "", "", 0, timeout=timeout)


def verify(handle: StackHandle, prometheus: Prometheus) -> None:
    """Make sure that it is the stack's Prometheus that answers.

    One that has its own address was compared with the cluster's pods when the stack was looked at.

    Raises:
        WrongPrometheusError: another one answers.
    """
    if handle.target.prometheus_url is None:
        prometheus.check_identity(handle.identity)
