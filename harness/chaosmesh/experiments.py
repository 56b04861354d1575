"""What an experiment hits, resolved from the records in its status."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import NotFoundError
from harness.kubernetes.kinds import EXPERIMENT_KINDS, MAKERS


def targets(cluster: Cluster, experiment: dict[str, Any]) -> list[dict[str, str]]:
    """Return the containers that an experiment selected, each once, in the order of its records.

    Args:
        cluster: where the pods are looked up.
        experiment: an experiment as the API gives it.

    Returns:
        Mappings with namespace, pod, container and node. An experiment on pods stands for the first
        container of each; container and node are empty when the pod is gone and they are not known.

    Raises:
        ApiError: a pod could not be looked up.
    """
    status = (experiment.get("status") or {}).get("experiment") or {}
    found: list[dict[str, str]] = []
    pods: dict[tuple[str, str], dict[str, Any] | None] = {}
    for record in status.get("containerRecords") or []:
        # An id is namespace/pod[/container[/volume]] (Chaos Mesh, controllers/utils/controller/key.go).
        parts = str(record["id"]).split("/")
        if len(parts) < 2:
            continue
        key = (parts[0], parts[1])
        if key not in pods:
            pods[key] = cluster.get("Pod", parts[1], parts[0])
        spec = (pods[key] or {}).get("spec") or {}
        containers = spec.get("containers") or [{}]
        target = {
            "namespace": parts[0],
            "pod": parts[1],
            "container": parts[2] if len(parts) > 2 else str(containers[0].get("name", "")),
            "node": str(spec.get("nodeName", "")),
        }
        if target not in found:
            found.append(target)
    return found


def is_there(cluster: Cluster, uid: str, namespaces: Iterable[str]) -> bool:
    """Say whether an experiment, a Schedule or a Workflow of some namespaces has a uid.

    Raises:
        ApiError: they could not be listed.
    """
    return any(
        found["metadata"]["uid"] == uid
        for namespace in namespaces
        for kind in (*EXPERIMENT_KINDS, *MAKERS)
        for found in listed(cluster, kind, namespace)
    )


def listed(cluster: Cluster, kind: str, namespace: str) -> list[Object]:
    """Return the objects of a kind of Chaos Mesh in a namespace; none when its version has no such kind.

    Raises:
        ApiError: they could not be listed.
    """
    try:
        return cluster.list(kind, namespace)
    except NotFoundError:
        return []
