"""What a scrape target itself exposes, past Prometheus; to be read between two scrapes.

See harness/prometheus/between_scrapes.py.
"""

from __future__ import annotations

from harness.base.errors import InfrastructureError
from harness.chaosmesh.components import COMPONENTS, WORKLOAD, WORKLOAD_PORT
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import ApiError
from harness.prometheus.exposition import ExpositionError, Family, parse

FETCH_SECONDS = 5.0


class NotExposedError(InfrastructureError):
    """A target did not say what it exposes."""


def fetch(
    cluster: Cluster,
    job: str,
    instance: str,
    chaos_mesh_namespace: str,
    *,
    timeout: float = FETCH_SECONDS,
) -> list[Family]:
    """Return what a target exposes now, asked through the API server's proxy.

    Args:
        cluster: where.
        job: of the target: a component of Chaos Mesh, or the workloads' job.
        instance: of the target (fixtures/manifests/prometheus.yaml): a pod's name, of workloads
            `NAMESPACE/NAME`.
        chaos_mesh_namespace: where the components are.
        timeout: seconds.

    Raises:
        NotExposedError: no answer in time, another status than 200, or no exposition.
    """
    if job == WORKLOAD:
        namespace, _, pod = instance.partition("/")
        port = WORKLOAD_PORT
    elif job in COMPONENTS:
        namespace, pod, port = chaos_mesh_namespace, instance, COMPONENTS[job].metrics_port
    else:
        raise NotExposedError(f"the job {job} is no component whose /metrics can be asked")
    where = f"/metrics of {namespace}/{pod}"
    try:
        answer = cluster.proxy_fetch("pods", namespace, pod, port, "metrics", timeout=timeout)
    except (ApiError, InfrastructureError) as error:
        raise NotExposedError(f"{where} did not answer: {error}") from error
    if answer.status != 200:
        raise NotExposedError(
            f"{where} answered {answer.status}: {answer.body[:200].decode(errors='replace')}"
        )
    try:
        return parse(answer.body.decode(errors="replace"), answer.content_type)
    except ExpositionError as error:
        raise NotExposedError(f"{where}: {error}", details=error.details) from error
