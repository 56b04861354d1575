"""Waits until Kubernetes' garbage collector knows Chaos Mesh's kinds.

It looks for new kinds every 30 s (kube-controller-manager, pkg/controller/garbagecollector). Until then a
workflow stays when its schedule is deleted, which would be taken for a gauge that does not fall.
"""

from __future__ import annotations

import json
import uuid

from harness.base import process
from harness.stack.kubectl import Kubectl

_SECONDS = 90.0
_NAMESPACE, _NAME = "default", "chaos-harness-orphan"


def wait_ready(kubectl: Kubectl) -> None:
    """Make an orphan of a kind of Chaos Mesh, and wait until the garbage collector has removed it.

    A PhysicalMachine, which no controller of Chaos Mesh reconciles (controllers/types/types.go): no metric
    but the webhook's tells of it.

    Raises:
        CommandError: it is not made, or still there after 90 s.
    """
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": f"{_NAME}-owner", "uid": str(uuid.uuid4())}
    orphan = {
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "kind": "PhysicalMachine",
        "metadata": {"name": _NAME, "namespace": _NAMESPACE, "ownerReferences": [owner]},
        "spec": {"address": "http://chaos-harness.invalid"},
    }
    kubectl.apply("make an object without an owner", json.dumps(orphan))
    try:
        kubectl.run(
            "wait for the garbage collector",
            "wait",
            f"physicalmachines.chaos-mesh.org/{_NAME}",
            f"--namespace={_NAMESPACE}",
            "--for=delete",
            f"--timeout={_SECONDS:.0f}s",
            timeout=_SECONDS + 5,
        )
    except process.CommandError as error:
        error.details.append("look at the log of kube-controller-manager in the namespace kube-system")
        raise
