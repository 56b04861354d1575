"""Makes the roles and the account that a run on a cluster of others needs, of the permissions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from harness.chaosmesh.permissions import Permission, Place, Tier, of_tiers
from harness.kubernetes.namespaces import HARNESS_NAMESPACE, MANAGED_BY, MANAGER

ACCOUNT = "chaos-harness"
"""The name of the ServiceAccount, of the roles and of their bindings."""

_RBAC = "rbac.authorization.k8s.io/v1"
_HEAD = {
    "api": "The Kubernetes API only: no command runs in any container.",
    "node": "Who has this account IS ROOT ON EVERY NODE: it may run commands in every container, "
    "and those of chaos-daemon are privileged.",
}
_REACH = (
    "Namespaces of scenarios have names that are not known before, so the ClusterRole is about all of them.",
    "The harness itself sends no write out of those that it made.",
)


def manifest(
    tier: Tier, chaos_mesh_namespace: str, *, disruption: bool = False, in_cluster: bool = False
) -> str:
    """Return the manifest: namespace, ServiceAccount, ClusterRole, Roles and bindings, as YAML.

    Args:
        tier: `api`, or `node`, which is that and more.
        chaos_mesh_namespace: where Chaos Mesh runs.
        disruption: its components may be scaled (`--allow-disruption`).
        in_cluster: shards may be started as pods (`--in-cluster`).
    """
    tiers: list[Tier] = ["api"]
    if tier == "node":
        tiers.append("node")
    if disruption:
        tiers.append("disruption")
    if in_cluster:
        tiers.append("in-cluster")
    permissions = of_tiers(tiers)
    account = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": HARNESS_NAMESPACE}
    objects: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HARNESS_NAMESPACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(HARNESS_NAMESPACE)},
        *_role("ClusterRole", "everywhere", None, permissions, account),
        *_role("Role", "harness", HARNESS_NAMESPACE, permissions, account),
        *_role("Role", "chaos-mesh", chaos_mesh_namespace, permissions, account),
    ]
    head = [*_REACH, _HEAD["node" if tier == "node" else "api"]]
    text: str = yaml.safe_dump_all(objects, sort_keys=False, width=110)
    return "".join(f"# {line}\n" for line in head) + text


def _role(
    kind: str, place: Place, namespace: str | None, permissions: Sequence[Permission], account: dict[str, str]
) -> list[dict[str, Any]]:
    rules = [_rule(each) for each in permissions if each.place == place]
    return [
        {"apiVersion": _RBAC, "kind": kind, "metadata": _metadata(namespace), "rules": rules},
        {
            "apiVersion": _RBAC,
            "kind": f"{kind}Binding",
            "metadata": _metadata(namespace),
            "roleRef": {"apiGroup": _RBAC.partition("/")[0], "kind": kind, "name": ACCOUNT},
            "subjects": [account],
        },
    ]


def _rule(each: Permission) -> dict[str, Any]:
    if each.paths:
        return {"nonResourceURLs": list(each.paths), "verbs": list(each.verbs)}
    return {"apiGroups": [each.group], "resources": list(each.resources), "verbs": list(each.verbs)}


def _metadata(namespace: str | None) -> dict[str, Any]:
    labels = {MANAGED_BY: MANAGER}
    return {"name": ACCOUNT, **({"namespace": namespace} if namespace else {}), "labels": labels}
