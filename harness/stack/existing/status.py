"""Tells what is in a cluster that is there already, and who uses it; changes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from harness.chaosmesh import access
from harness.stack import lease, prometheus
from harness.stack.existing import chaosmesh
from harness.stack.existing.chaosmesh import NotThereError
from harness.stack.existing.options import ExistingOptions
from harness.stack.existing.refusal import explained
from harness.stack.existing.use import connect
from harness.stack.state import StateFolder
from harness.stack.status import ClusterStatus


def status(existing: ExistingOptions) -> ClusterStatus:
    """Look at the cluster of a context.

    Raises:
        UsageError: the context is not there, or reading is not allowed.
        InfrastructureError: the API server does not answer.
    """
    # A copy of its own: the one in the state folder may be another command's that runs now.
    with tempfile.TemporaryDirectory() as folder, explained(existing.context):
        cluster, guard = connect(existing, Path(folder) / "kubeconfig")
        result = ClusterStatus(
            cluster=existing.context,
            state="up",
            holder=lease.holder(cluster),
            handle=StateFolder(existing.place).load(),
        )
        try:
            found = chaosmesh.find(cluster)
            result.problems += ["there is no Chaos Mesh"] if found is None else []
        except NotThereError as error:
            found = None
            result.problems.append(error.problem)
        result.answers = {"API server": True, "Chaos Mesh": found is not None}
        if existing.prometheus_url is None:
            own = cluster.get("Deployment", prometheus.ADDRESS.name, prometheus.ADDRESS.namespace)
            result.answers["the harness' Prometheus"] = own is not None
        if found is not None:
            guard.chaos_mesh_namespace = found.namespace
            result.problems += [
                f"not permitted: {line}" for line in access.missing(cluster, found.namespace, ["api"])
            ]
            limits = access.limits(cluster, found.namespace)
            result.limits = [each for each in (limits.node, limits.roles) if each]
    if result.problems:
        result.state = "damaged"
    return result
