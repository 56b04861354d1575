"""A cluster of others, as the API server shows it."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from tests.kubernetes.conftest import ApiServer, Request, api, kubeconfig

__all__ = ["TheirCluster", "api", "kubeconfig", "theirs"]

UID = "0b7cf2f4-8a6e-4a3c-9a1e-3f1f4d1c7f10"
IDENTITY = UID.replace("-", "")
NAMESPACE = "chaos-testing"


class TheirCluster:
    """Objects of a Chaos Mesh by its chart, behind an API server that only reads.

    Attributes:
        objects: by the collection's name in paths: `deployments`.
        forbidden: (verb, collection) that is refused.
        unpermitted: (verb, resource) that the account may not, when it asks.
        written: the methods and paths of all that was to be changed.
    """

    def __init__(self, api: ApiServer) -> None:
        self.url = api.url
        self.forbidden: set[tuple[str, str]] = set()
        self.unpermitted: set[tuple[str, str]] = set()
        self.written: list[str] = []
        self.objects: dict[str, list[dict[str, Any]]] = {
            "deployments": [
                owner("Deployment", "chaos-controller-manager", "controller-manager", MANAGER_ENVIRONMENT),
                owner("Deployment", "chaos-dashboard", "chaos-dashboard", {"SECURITY_MODE": "true"}),
            ],
            "daemonsets": [owner("DaemonSet", "chaos-daemon", "chaos-daemon", {})],
            "customresourcedefinitions": [{"metadata": {"name": "podchaos.chaos-mesh.org"}}],
            "namespaces": [{"metadata": {"name": "kube-system", "uid": UID}}],
            "nodes": [node("n1"), node("n2")],
            "pods": [
                pod("chaos-controller-manager-a", "controller-manager", "n1", "10.0.0.1"),
                pod("chaos-dashboard-a", "chaos-dashboard", "n1", "10.0.0.2"),
                pod("chaos-daemon-a", "chaos-daemon", "n1", "10.0.0.3"),
                pod("chaos-daemon-b", "chaos-daemon", "n2", "10.0.0.4"),
            ],
        }
        api.route = self.answer

    def answer(self, request: Request) -> None:
        if request.path.endswith("/selfsubjectaccessreviews"):
            assert request.body is not None
            wanted = request.body["spec"]["resourceAttributes"]
            resource = "/".join(filter(None, [wanted["resource"], wanted.get("subresource")]))
            request.answer(201, {"status": {"allowed": (wanted["verb"], resource) not in self.unpermitted}})
            return
        if request.method != "GET":
            self.written.append(f"{request.method} {request.path}")
        if request.path == "/version":
            request.answer(200, {"gitVersion": "v1.34.1"})
            return
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = parts[1] if parts[0] == "namespaces" and len(parts) > 2 else None
        collection, *name = parts[2:] if namespace else parts
        verb = {"POST": "create", "DELETE": "delete"}.get(request.method, "get" if name else "list")
        if (verb, collection) in self.forbidden:
            where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            message = f'{collection} is forbidden: User "jane" cannot {verb} resource "{collection}"'
            message += ' in API group ""'
            request.answer(403, {"kind": "Status", "reason": "Forbidden", "message": message + where})
            return
        query = dict(request.query)
        found = [
            each
            for each in self.objects.get(collection, [])
            if (namespace is None or each["metadata"].get("namespace") == namespace)
            and selected(each, query.get("labelSelector", ""))
        ]
        if not name:
            request.answer(200, {"metadata": {"resourceVersion": "1"}, "items": copy.deepcopy(found)})
            return
        for each in found:
            if each["metadata"]["name"] == name[0]:
                request.answer(200, each)
                return
        request.answer(404, {"kind": "Status", "reason": "NotFound", "message": "not found"})


MANAGER_ENVIRONMENT = {
    "CLUSTER_SCOPED": "true",
    "TARGET_NAMESPACE": "chaos-testing",
    "ENABLE_FILTER_NAMESPACE": "false",
    "ENABLE_LEADER_ELECTION": "true",
}


def selected(found: dict[str, Any], selector: str) -> bool:
    """Say whether an object has the label, of a selector `key=value` or `key in (a, b)`."""
    labels = found["metadata"].get("labels") or {}
    if " in " in selector:
        key, _, values = selector.partition(" in ")
        return labels.get(key) in values.strip("()").split(", ")
    key, _, value = selector.partition("=")
    return not selector or labels.get(key) == value


def owner(kind: str, name: str, component: str, environment: dict[str, str]) -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/name": "chaos-mesh",
        "app.kubernetes.io/instance": "chaos",
        "app.kubernetes.io/version": "2.7.3",
    }
    container = {
        "name": component,
        "image": f"ghcr.io/chaos-mesh/{name}:v2.7.3",
        "command": ["/usr/local/bin/run", "--runtime", "containerd"],
        "env": [{"name": key, "value": value} for key, value in environment.items()],
    }
    status = {"readyReplicas": 3, "numberReady": 2, "desiredNumberScheduled": 2}
    return {
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": {"meta.helm.sh/release-name": "chaos"},
        },
        "spec": {"replicas": 3, "template": {"spec": {"containers": [container]}}},
        "status": status,
    }


def node(name: str, *, ready: bool = True) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "status": {
            "conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}],
            "nodeInfo": {"kernelVersion": "6.8", "containerRuntimeVersion": "containerd://2.0"},
        },
    }


def pod(name: str, component: str, on: str, address: str) -> dict[str, Any]:
    running = {"name": component, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    return {
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {"app.kubernetes.io/component": component},
        },
        "spec": {"nodeName": on, "containers": [{"name": component}]},
        "status": {"podIP": address, "containerStatuses": [running]},
    }


@pytest.fixture
def theirs(api: ApiServer) -> TheirCluster:
    return TheirCluster(api)


def write_kubeconfig(path: Any, url: str, **more: Any) -> Any:
    path.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "c", "cluster": {"server": url}}],
                "users": [{"name": "u", "user": {"token": "t", **more}}],
                "contexts": [{"name": "staging", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "other",
            }
        )
    )
    return path
