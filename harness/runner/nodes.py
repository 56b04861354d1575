"""The action that runs a command on a node, in the container of its chaos-daemon."""

from __future__ import annotations

import shlex
from typing import Any

from harness.actions.node import Node
from harness.base.errors import InfrastructureError, UsageError
from harness.chaosmesh import breakage
from harness.chaosmesh.boundary import Reach
from harness.chaosmesh.components import component_pods
from harness.chaosmesh.daemons import Daemons
from harness.chaosmesh.workload import WorkloadHandle, is_ready
from harness.kubernetes.client import Cluster
from harness.oracles.network import ENTER
from harness.runner import calls
from harness.scenario.template import resolve


def execute(
    cluster: Cluster,
    wanted: Node,
    namespace: str,
    chaos_mesh_namespace: str,
    workload: WorkloadHandle | None,
    scope: dict[str, Any],
    bounds: Reach,
) -> dict[str, Any]:
    """Run the command; return what a recording says about it.

    What it breaks is noted at the scenario's namespace first, so that it is put back whatever comes.

    Raises:
        StepFailedError: it could not be started, or ended with another exit code or answer than wanted.
        BoundaryError: the container is in another namespace.
        UsageError: `network_of` is no container.
        InfrastructureError: no pod of `node_of` is ready.
        UnreachableError: no connection, or no end in time.
    """
    argv = [str(resolve(word, scope)) for word in wanted.command]
    what = f"`{shlex.join(argv)}`"
    if wanted.network_of is not None:
        target = calls.container_of(resolve(wanted.network_of, scope), workload, bounds)
        node, identity = _place(cluster, target)
        run = ["sh", "-c", ENTER, "sh", identity, *argv]
        what += f" in the network of {target['pod']}"
    elif wanted.node_of is not None:
        node, run = _node_of(cluster, wanted.node_of, chaos_mesh_namespace), argv
        what += f" on the node of {wanted.node_of}"
    else:
        node, run = str(resolve(wanted.name, scope)), argv
        what += f" on the node {node}"
    if wanted.breaks:
        breakage.note(cluster, namespace, node, wanted.breaks)
    with calls.may_not_start("node", what):
        result = Daemons(cluster, chaos_mesh_namespace).exec(node, run, wanted.timeout)
    return {"node": node, "command": argv, **calls.checked("node", what, wanted, result, scope)}


def _node_of(cluster: Cluster, job: str, chaos_mesh_namespace: str) -> str:
    """Return the node of a component's pod; of several that are ready, of the first by name.

    Raises:
        InfrastructureError: none is ready.
    """
    group = component_pods(job, chaos_mesh_namespace)
    ready = [pod for pod in cluster.list("Pod", group.namespace, group.selector) if is_ready(pod)]
    if not ready:
        raise InfrastructureError(f"no pod of {job} is ready, so nobody knows its node")
    return str(min(ready, key=lambda pod: str(pod["metadata"]["name"]))["spec"]["nodeName"])


def _place(cluster: Cluster, target: dict[str, str]) -> tuple[str, str]:
    """Return the node and the container's id."""
    pod = cluster.get("Pod", target["pod"], target["namespace"]) or {}
    for status in (pod.get("status") or {}).get("containerStatuses") or []:
        if status["name"] == target["container"] and status.get("containerID"):
            return str(pod["spec"]["nodeName"]), str(status["containerID"]).split("://")[-1]
    raise UsageError(f"the container {target['container']} of the pod {target['pod']} does not run")
