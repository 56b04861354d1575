"""The admission webhook of the controller-manager, which takes no experiment for a while after a start.

The chart gives the controller-manager no readiness probe, so its pods are ready before the webhook answers.
An experiment that the API server checks but does not keep (a dry run) tells.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.base import working_time
from harness.base.waiting import asking
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import ApiError
from harness.kubernetes.kinds import CHAOS_MESH_API

_PAUSE_SECONDS = 0.25
_REQUEST_SECONDS = 5.0
_PROBE = {
    "apiVersion": CHAOS_MESH_API,
    "kind": "PodChaos",
    "metadata": {"name": "chaos-harness-probe", "namespace": "default"},
    "spec": {"action": "pod-kill", "mode": "one", "selector": {"namespaces": ["default"]}},
}


def await_webhook(
    cluster: Cluster, seconds: float, *, sleep: Callable[[float], None] = working_time.sleep
) -> None:
    """Wait until the webhook takes an experiment.

    Raises:
        ApiError: it did not in time; the API server's last answer.
    """
    from tenacity import retry_if_exception_type

    asking(retry_if_exception_type(ApiError), seconds=seconds, every=_PAUSE_SECONDS, sleep=sleep)(
        cluster.create, _PROBE, dry_run=True, timeout=_REQUEST_SECONDS
    )
