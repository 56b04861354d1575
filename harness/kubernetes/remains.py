"""What keeps a namespace that was deleted, and how it is let go.

The namespace controller writes into the conditions of the namespace's status which resources it still holds:
`configmaps. has 1 resource instances` (k8s.io/kubernetes, pkg/controller/namespace/deletion). Which objects
these are, and what they wait for, only they say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from harness.kubernetes import namespaces
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import ApiError, NotFoundError

_RESOURCE = re.compile(r"([a-z0-9-]+)\.([a-z0-9.-]*) has \d+ resource instances")
_OWN_FINALIZER = "kubernetes"
_SHOWN = 10
_LONGEST_LINE = 300


def lines(cluster: Cluster, name: str) -> list[str]:
    """Return what keeps a namespace, a line each: objects with their finalizers, else the conditions."""
    found = cluster.get("Namespace", name)
    if found is None:
        return []
    told = [
        f"{body['kind']} {body['metadata']['name']} waits for {_waits_for(body)}"
        for _, body in _objects(cluster, found)
    ]
    if len(told) > _SHOWN:
        told = [*told[:_SHOWN], f"and {len(told) - _SHOWN} more objects"]
    if own := _finalizers(found):
        told.append(f"the namespace itself waits for {', '.join(own)}")
    return (
        told
        or [each[:_LONGEST_LINE] for each in namespaces.why_kept(found)]
        or ["its status does not say why"]
    )


def release(cluster: Cluster, name: str) -> None:
    """Remove the finalizers of all that keeps a namespace, and its own.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    found = cluster.get("Namespace", name)
    if found is None:
        return
    for path, body in _objects(cluster, found):
        if body["metadata"].get("finalizers"):
            try:
                cluster.patch_at(f"{path}/{body['metadata']['name']}", {"metadata": {"finalizers": None}})
            except NotFoundError:
                continue
    if found["metadata"].get("finalizers"):
        cluster.patch("Namespace", name, None, {"metadata": {"finalizers": None}})
    kept = (found.get("spec") or {}).get("finalizers") or []
    if any(each != _OWN_FINALIZER for each in kept):
        # Only the namespace's subresource takes changes of these; Kubernetes' own one empties the namespace.
        spec = {"finalizers": [each for each in kept if each == _OWN_FINALIZER]}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": spec}
        cluster.replace_at(f"/api/v1/namespaces/{name}/finalize", body)


def _finalizers(namespace: Object) -> list[str]:
    metadata, spec = namespace["metadata"], namespace.get("spec") or {}
    found = [*(metadata.get("finalizers") or []), *(spec.get("finalizers") or [])]
    return [each for each in found if each != _OWN_FINALIZER]


def _waits_for(body: Object) -> str:
    finalizers = body["metadata"].get("finalizers")
    return f"its finalizers {', '.join(finalizers)}" if finalizers else "its own end"


def _objects(cluster: Cluster, namespace: Object) -> Iterator[tuple[str, Object]]:
    """Yield the path of the collection and each object in it, of all that the conditions name."""
    told = " ".join(namespaces.why_kept(namespace))
    name = namespace["metadata"]["name"]
    for plural, group in dict.fromkeys(_RESOURCE.findall(told)):
        try:
            path = f"{_prefix(cluster, group)}/namespaces/{name}/{plural}"
            found = _json(cluster, path)
        except ApiError:
            # An API that is gone is named in the conditions, too.
            continue
        for item in found.get("items") or []:
            yield path, {"kind": str(found.get("kind", plural)).removesuffix("List"), **item}


def _prefix(cluster: Cluster, group: str) -> str:
    if not group:
        return "/api/v1"
    return f"/apis/{_json(cluster, f'/apis/{group}')['preferredVersion']['groupVersion']}"


def _json(cluster: Cluster, path: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(cluster.text(path))
    return parsed
