"""Tells what is up, and whether it answers."""

from __future__ import annotations

import contextlib

from pydantic import BaseModel, ConfigDict

from harness.base.errors import HarnessError
from harness.base.progress import Progress
from harness.kubernetes.proxy import proxy_path
from harness.stack import drift, engine, kind, lease, lock, ownership
from harness.stack.connection import connect
from harness.stack.handle import StackHandle
from harness.stack.state import StateFolder


class ClusterStatus(BaseModel):
    """A cluster and its state, for people and (as JSON) for programs.

    Attributes:
        cluster: the kind cluster's name, or that of the context.
        state: up; damaged (`up` would repair it or make it anew); half-made (`up` did not end); foreign
            (a kind cluster of that name, not made from this state folder); down.
        problems: what is wrong, one phrase each.
        containers: the nodes' containers to whether the engine says that they run.
        answers: component to whether it answers; on a cluster of others, whether it is there.
        limits: what the account may not do on a cluster of others, and what only some scenarios need.
        prometheus_path: where the API server passes queries on to Prometheus.
        holder: who uses the cluster now.
        handle: everything that `up` wrote down; None without a finished `up`.
        further: those that runs with --clusters made beside it.
    """

    model_config = ConfigDict(extra="forbid")

    cluster: str
    state: str
    problems: list[str] = []
    containers: dict[str, bool] = {}
    answers: dict[str, bool] = {}
    limits: list[str] = []
    prometheus_path: str | None = None
    holder: lock.Holder | None = None
    handle: StackHandle | None = None
    further: list[ClusterStatus] = []


def status(cluster: str, progress: Progress) -> ClusterStatus:
    """Look at a cluster without changing anything.

    Raises:
        InfrastructureError: no engine answers.
    """
    state = StateFolder(cluster)
    handle = state.load()
    where = engine.find(progress)
    containers = kind.containers(cluster, where)
    result = ClusterStatus(
        cluster=cluster,
        state="down",
        containers={container.name: container.running for container in containers},
        holder=lock.holder(cluster),
        handle=handle,
    )
    whose = ownership.owner(state, containers, where)
    if not whose.ours:
        result.state, result.problems = "foreign", [ownership.problem(state, whose)]
        return result
    if handle is None:
        if containers:
            result.state, result.problems = "half-made", ["an `up` did not end"]
        return result
    address = handle.prometheus
    result.prometheus_path = proxy_path("services", address.namespace, address.name, address.port, "/")
    if containers and not handle.kubeconfig.exists():
        result.state, result.problems = "damaged", ["the kubeconfig is gone"]
        return result
    if containers and result.holder is None:
        # Whoever has another state folder is seen in the cluster only, and only while it answers.
        with contextlib.suppress(HarnessError):
            result.holder = lease.holder(connect(handle))
    observed = drift.observe(handle, containers)
    as_it_is = drift.WantedCluster(
        where.name,
        handle.image_key,
        drift.workers(handle),
        scrape_interval=handle.scrape_interval,
        uml_key=handle.uml_key,
    )
    plan = drift.decide(handle, as_it_is, observed)
    alive = bool(observed.nodes)
    result.answers = {
        "API server": alive,
        "nodes": alive and all(observed.nodes.values()),
        "Chaos Mesh": alive and not observed.chaos_mesh,
        "Prometheus": alive and not observed.prometheus,
    }
    result.state = "up" if plan.action == "reuse" else "damaged"
    result.problems = plan.reasons
    return result
