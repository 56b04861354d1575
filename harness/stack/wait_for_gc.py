"""Waits until Kubernetes' garbage collector knows Chaos Mesh's kinds, all of them.

It looks for new kinds every 30 s (kube-controller-manager, pkg/controller/garbagecollector). Until then a
workflow stays when its schedule is deleted, which would be taken for a gauge that does not fall. When it
looks while the CRDs are being installed it knows some kinds and not the others: so what is waited for is a
kind of our own, which is made after all of them.
"""

from __future__ import annotations

import json
import uuid

from harness.base import process
from harness.stack.kubectl import Kubectl

_SECONDS = 90.0
_ESTABLISHED_SECONDS = 30.0
_GROUP, _KIND, _PLURAL = "chaos-harness.local", "Orphan", "orphans"
_CRD = f"{_PLURAL}.{_GROUP}"
_NAMESPACE, _NAME = "default", "orphan"


def wait_ready(kubectl: Kubectl) -> None:
    """Make an object without an owner, wait until the garbage collector has removed it, and remove its kind.

    Raises:
        CommandError: a CRD is not established, or the object is still there after 90 s.
    """
    _established(kubectl, "wait for the CRDs", "--all")
    kubectl.apply("make a kind of orphans", json.dumps(_definition()))
    try:
        _established(kubectl, "wait for the kind of orphans", _CRD)
        kubectl.apply("make an orphan", json.dumps(_orphan()))
        _collected(kubectl)
    finally:
        # Left behind it does no harm, and what went wrong before is what has to be told.
        kubectl.run("remove the kind of orphans", "delete", "crd", _CRD, "--wait=false", check=False)


def _established(kubectl: Kubectl, name: str, which: str) -> None:
    bound = f"--timeout={_ESTABLISHED_SECONDS:.0f}s"
    kubectl.run(
        name, "wait", "crd", which, "--for=condition=Established", bound, timeout=_ESTABLISHED_SECONDS + 5
    )


def _collected(kubectl: Kubectl) -> None:
    try:
        kubectl.run(
            "wait for the garbage collector",
            "wait",
            f"{_CRD}/{_NAME}",
            f"--namespace={_NAMESPACE}",
            "--for=delete",
            f"--timeout={_SECONDS:.0f}s",
            timeout=_SECONDS + 5,
        )
    except process.CommandError as error:
        error.details.append("look at the log of kube-controller-manager in the namespace kube-system")
        raise


def _definition() -> dict[str, object]:
    schema = {"openAPIV3Schema": {"type": "object"}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": _CRD},
        "spec": {
            "group": _GROUP,
            "names": {"kind": _KIND, "plural": _PLURAL, "singular": _KIND.lower()},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def _orphan() -> dict[str, object]:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "nobody", "uid": str(uuid.uuid4())}
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": _KIND,
        "metadata": {"name": _NAME, "namespace": _NAMESPACE, "ownerReferences": [owner]},
    }
