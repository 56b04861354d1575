"""Our Prometheus in a cluster that is not ours: installed with a label, by which it is known and removed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import yaml

from harness.base.errors import InfrastructureError, UsageError
from harness.base.progress import Progress
from harness.base.waiting import asking
from harness.chaosmesh.workload import is_ready, why_not_ready
from harness.kubernetes.client import Cluster, ConflictError, NotFoundError, Object
from harness.kubernetes.errors import WaitTimeoutError
from harness.kubernetes.namespaces import INSTALLED
from harness.stack import prometheus
from harness.stack.prometheus import ADDRESS, POD, Settings
from harness.stack.target import Origin

_CONFIGURATION = "chaos-harness/configuration"
_NAME = "prometheus"
# With the time that a node needs to pull the image.
_ROLLOUT_SECONDS = 600.0
_ENDPOINTS_SECONDS = 20.0
_POLL_SECONDS = 0.25
_IN_NAMESPACE = "Deployment", "Service", "ConfigMap", "ServiceAccount"
"""They go with their namespace, unless that was there before."""
_SHARED = "ClusterRole", "ClusterRoleBinding"


@dataclass(frozen=True)
class OwnPrometheus:
    """The harness' Prometheus in the cluster.

    Attributes:
        identity: its external label.
        interval: between two scrapes, seconds.
        origin: whether this run installed it, or found it.
    """

    identity: str
    interval: float
    origin: Origin


def make_namespace(cluster: Cluster, identity: str) -> bool:
    """Make the harness' namespace, where the Lease of a run is; return False when it was there."""
    if cluster.get("Namespace", ADDRESS.namespace) is not None:
        return False
    metadata = {"name": ADDRESS.namespace, "labels": {INSTALLED: identity}}
    try:
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    except ConflictError:
        return False
    return True


def is_there(cluster: Cluster) -> bool:
    """Say whether there is one, whoever installed it."""
    return cluster.get("Deployment", _NAME, ADDRESS.namespace) is not None


def is_to_be_installed(cluster: Cluster, settings: Settings) -> bool:
    """Say whether `ensure` is going to install it: it is not there, or is ours and configured otherwise."""
    there = cluster.get("Deployment", _NAME, ADDRESS.namespace)
    return there is None or (_is_ours(there, settings.identity) and _digest(there) != _wanted(settings))


def ensure(
    cluster: Cluster, settings: Settings, expected: dict[str, int], not_ready: list[str], progress: Progress
) -> OwnPrometheus:
    """Return our Prometheus, which scrapes what it shall; installed when it is not there.

    One that another `chaos-harness up` has installed, which made the cluster, is used as it is.

    Args:
        cluster: where.
        settings: what is wanted.
        expected: job to number of targets.
        not_ready: nodes whose targets do not count.
        progress: where the steps are announced.

    Raises:
        UsageError: it is there with another interval, and not ours to change.
        InfrastructureError: it does not become ready, or does not reach a target.
    """
    there = cluster.get("Deployment", _NAME, ADDRESS.namespace)
    origin: Origin = "used"
    if there is None or _is_ours(there, settings.identity):
        if is_to_be_installed(cluster, settings):
            with progress.step("installing Prometheus"):
                _apply(cluster, _documents(settings))
            origin = "installed"
    else:
        identity = prometheus.client(cluster).identity()
        if identity is None:
            raise UsageError(
                f"the Prometheus in the namespace {ADDRESS.namespace} was not installed by this harness",
                next_step="name it with --prometheus-url, or remove it",
            )
        settings = replace(settings, identity=identity)
    with progress.step("waiting for Prometheus"):
        _wait_ready(cluster)
        _await_endpoints(cluster)
        prometheus.client(cluster).check_identity(settings.identity)
    with progress.step("waiting for the first scrapes"):
        prometheus.wait_targets(cluster, settings, expected, progress, leave_out=not_ready)
    intervals = {
        target.scrape_interval for target in prometheus.client(cluster).targets() if target.job in expected
    }
    interval = max(intervals)
    if origin == "used" and interval != settings.interval:
        progress.say(f"the Prometheus that is there scrapes every {interval:g} s")
    return OwnPrometheus(settings.identity, interval, origin)


def remove(cluster: Cluster, identity: str) -> list[str]:
    """Remove what the harness has installed besides Chaos Mesh; return what that was.

    Nothing without the label, and with another cluster's identity in it, is touched.
    """
    removed = []
    for kind in (*_IN_NAMESPACE, *_SHARED, "Namespace"):
        namespace = ADDRESS.namespace if kind in _IN_NAMESPACE else None
        for found in cluster.list(kind, namespace, f"{INSTALLED}={identity}"):
            name = str(found["metadata"]["name"])
            cluster.delete(kind, name, namespace, uid=str(found["metadata"]["uid"]))
            removed.append(f"{kind} {name}")
    return removed


def _documents(settings: Settings) -> list[Object]:
    documents: list[Object] = [each for each in yaml.safe_load_all(prometheus.render(settings)) if each]
    for each in documents:
        each["metadata"].setdefault("labels", {})[INSTALLED] = settings.identity
    return documents


def _apply(cluster: Cluster, documents: list[Object]) -> None:
    for body in documents:
        kind, name, namespace = body["kind"], body["metadata"]["name"], body["metadata"].get("namespace")
        try:
            cluster.create(body)
        except ConflictError:
            if kind == "Namespace":
                continue
            _replace(cluster, body, kind, name, namespace)


def _replace(cluster: Cluster, body: Object, kind: str, name: str, namespace: str | None) -> None:
    there = cluster.get(kind, name, namespace)
    if there is None or not _is_ours(there, body["metadata"]["labels"][INSTALLED]):
        raise UsageError(
            f"{kind} {name} is there and was not installed by the harness: it is left as it is",
            next_step="use that Prometheus with --prometheus-url, or remove it",
        )
    cluster.delete(kind, name, namespace)
    with contextlib.suppress(NotFoundError):
        cluster.wait_gone(kind, name, namespace, _ROLLOUT_SECONDS)
    cluster.create(body)


def _wait_ready(cluster: Cluster) -> None:
    namespace, selector, _ = POD

    def ready(found: list[Object]) -> bool:
        living = [each for each in found if "deletionTimestamp" not in each["metadata"]]
        return len(living) == len(found) and bool(living) and all(map(is_ready, living))

    try:
        cluster.until_all("Pod", namespace, ready, _ROLLOUT_SECONDS, label_selector=selector)
    except WaitTimeoutError as late:
        raise InfrastructureError(
            f"Prometheus is not ready after {_ROLLOUT_SECONDS:.0f} s",
            next_step=f"look at it: kubectl --namespace {namespace} describe pods; another image: "
            "--prometheus-image IMAGE",
            details=[line for pod in late.last for line in why_not_ready(pod)] or ["no pod was created"],
        ) from late


def _await_endpoints(
    cluster: Cluster,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until the Service leads to the pod, which it does a moment after the pod is ready.

    There is no event for it: the API server's proxy has its own view of endpoints. What is wrong after that
    is said by whoever asks next.
    """
    # It takes time to load.
    from tenacity import RetryError, retry_if_result  # noqa: PLC0415

    silent = retry_if_result(lambda answers: not answers)
    wait = asking(silent, seconds=_ENDPOINTS_SECONDS, every=_POLL_SECONDS, clock=clock, sleep=pause)
    with contextlib.suppress(RetryError):
        wait(prometheus.client(cluster).ready)


def _is_ours(found: Object, identity: str) -> bool:
    return (found["metadata"].get("labels") or {}).get(INSTALLED) == identity


def _wanted(settings: Settings) -> Any:
    return _digest(next(each for each in _documents(settings) if each["kind"] == "Deployment"))


def _digest(deployment: Object) -> Any:
    annotations = deployment["spec"]["template"]["metadata"].get("annotations") or {}
    return annotations.get(_CONFIGURATION)
