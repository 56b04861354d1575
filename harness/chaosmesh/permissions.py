"""All that the harness asks of the API server: the one list that roles and the check before a run come from.

tests/chaosmesh/test_permissions.py fails when the code asks for something else, and when it does not ask for
something any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from harness.kubernetes.kinds import CHAOS_MESH_API, CHAOS_MESH_KINDS, kind_of

Tier = Literal["api", "node", "disruption", "in-cluster", "install", "owner"]
"""What a permission is for.

- `api`: scenarios that the Kubernetes API is enough for;
- `node`: those that look at or act on a node, through chaos-daemon: whoever has it is root on every node;
- `disruption`: those that restart or scale Chaos Mesh's components (`--allow-disruption`);
- `in-cluster`: starting shards as pods of the cluster (`--in-cluster`);
- `install`: installing and removing the harness' Prometheus;
- `owner`: what else is only done with a cluster administrator's rights.

No role that is generated has the last two.
"""
Place = Literal["everywhere", "chaos-mesh", "harness"]
"""All namespaces and what has none, Chaos Mesh's namespace, or the harness' own one."""

_CHAOS_MESH = CHAOS_MESH_API.partition("/")[0]
RBAC = "rbac.authorization.k8s.io"
_ALL_OF_HTTP = ("get", "create", "update", "patch", "delete")


@dataclass(frozen=True)
class Permission:
    """Something that the harness asks for.

    Attributes:
        tier: what it belongs to.
        group: the API group; "" for the core group.
        resources: with their subresources; empty for `paths`.
        verbs: on each of the resources.
        why: what it is for.
        place: where.
        paths: that are no resources, such as /metrics.
    """

    tier: Tier
    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str
    place: Place = "everywhere"
    paths: tuple[str, ...] = ()


PERMISSIONS = (
    Permission(
        "api",
        "",
        ("namespaces",),
        ("get", "list", "watch", "create", "patch", "delete"),
        "each scenario has namespaces of its own, and whose a namespace is is seen by its labels",
    ),
    Permission("api", "", ("nodes",), ("list",), "which nodes there are, and on what they run"),
    Permission(
        "api",
        "",
        ("pods",),
        ("get", "list", "watch", "create", "patch", "delete"),
        "workloads, the oracles about them, and Chaos Mesh's own pods",
    ),
    Permission("api", "", ("services", "configmaps"), ("create",), "workloads"),
    Permission("api", "", ("pods/log",), ("get",), "evidence of failures"),
    Permission(
        "api",
        "",
        ("pods/proxy", "services/proxy"),
        _ALL_OF_HTTP,
        "Prometheus, /metrics of the components, the dashboard, HTTP requests of scenarios",
    ),
    Permission(
        "api",
        "apiextensions.k8s.io",
        ("customresourcedefinitions",),
        ("list",),
        "which Chaos Mesh is there",
    ),
    Permission("api", "", ("events",), ("list", "watch"), "what Chaos Mesh's controllers emit"),
    Permission("api", "apps", ("statefulsets",), ("create", "patch"), "workloads"),
    Permission(
        "api",
        "apps",
        ("statefulsets", "deployments", "daemonsets"),
        ("get", "list", "delete"),
        "workloads are removed, and Chaos Mesh's components are looked at",
    ),
    Permission(
        "api",
        _CHAOS_MESH,
        tuple(sorted(kind_of(kind).plural for kind in CHAOS_MESH_KINDS)),
        ("get", "list", "watch", "create", "patch", "delete"),
        "chaos",
    ),
    Permission(
        "api", "coordination.k8s.io", ("leases",), ("get", "create", "patch"), "one run at a time", "harness"
    ),
    Permission("api", "coordination.k8s.io", ("leases",), ("get",), "which manager leads", "chaos-mesh"),
    Permission(
        "api", RBAC, ("clusterroles", "roles"), ("list",), "whether a killed run left something denied"
    ),
    Permission(
        "api",
        "admissionregistration.k8s.io",
        ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
        ("list",),
        "the oracle of the admission webhooks",
    ),
    Permission(
        "api",
        "authorization.k8s.io",
        ("selfsubjectaccessreviews",),
        ("create",),
        "whether all of this is permitted, before the start",
    ),
    Permission("api", "", (), ("get",), "the API server's own metrics", paths=("/metrics",)),
    Permission("api", "", (), ("get",), "what the API server serves", paths=("/version", "/apis", "/apis/*")),
    Permission(
        "node",
        "",
        ("pods/exec",),
        # Opening a WebSocket is a GET; newer API servers ask for `create` as well.
        ("get", "create"),
        "node oracles and commands on a node, in chaos-daemon's containers; commands in workloads",
    ),
    Permission("node", "", ("nodes/proxy",), ("get",), "whether the kubelets answer while a scenario runs"),
    Permission(
        "disruption",
        "apps",
        ("deployments", "daemonsets"),
        ("patch",),
        "another number of pods for a component of Chaos Mesh",
        "chaos-mesh",
    ),
    Permission(
        "disruption",
        "coordination.k8s.io",
        ("leases",),
        ("list", "watch"),
        "the next leader after a restart of the manager",
        "chaos-mesh",
    ),
    Permission(
        "in-cluster",
        "batch",
        ("jobs",),
        ("list", "create", "delete"),
        "shards of a run that are pods of a Job",
        "harness",
    ),
    Permission(
        "in-cluster",
        "",
        ("configmaps",),
        ("list", "create", "delete"),
        "what shards are told of their run",
        "harness",
    ),
    Permission(
        "in-cluster",
        "",
        ("serviceaccounts",),
        ("get",),
        "whether the account of the shards is there",
        "harness",
    ),
    Permission(
        "owner",
        RBAC,
        ("clusterroles", "roles"),
        ("get", "patch"),
        "to deny Chaos Mesh something; needs all that the role allows, or `escalate`",
    ),
    Permission("owner", RBAC, ("clusterrolebindings", "rolebindings"), ("list",), "whose roles these are"),
    Permission(
        "owner", "authorization.k8s.io", ("subjectaccessreviews",), ("create",), "whether it is denied"
    ),
    Permission("owner", "", ("namespaces/finalize",), ("update",), "chaos-harness sweep --force"),
    Permission(
        "owner",
        "apiextensions.k8s.io",
        ("customresourcedefinitions",),
        ("delete",),
        "removing a Chaos Mesh that the harness installed",
    ),
    Permission(
        "install",
        RBAC,
        ("clusterroles", "clusterrolebindings"),
        ("list", "watch", "create", "delete"),
        "installing and removing the harness' Prometheus",
    ),
    Permission("install", RBAC, ("clusterrolebindings",), ("get",), "whether that is there"),
    Permission(
        "install",
        "",
        ("serviceaccounts", "configmaps", "services"),
        ("get", "list", "watch", "delete"),
        "installing and removing the harness' Prometheus",
    ),
    Permission("install", "", ("serviceaccounts",), ("create",), "installing the harness' Prometheus"),
    Permission(
        "install", "apps", ("deployments",), ("watch", "create"), "installing the harness' Prometheus"
    ),
)


def declares(verb: str, group: str, resource: str) -> bool:
    """Say whether the list has a request, wherever it is asked."""
    return any(
        each.group == group and resource in each.resources and verb in each.verbs for each in PERMISSIONS
    )


def of_tiers(tiers: Iterable[Tier]) -> list[Permission]:
    """Return the permissions of some tiers, in the order of the list."""
    wanted = set(tiers)
    return [each for each in PERMISSIONS if each.tier in wanted]


def single(permissions: Iterable[Permission]) -> Iterator[tuple[Permission, str, str]]:
    """Yield each permission with one of its resources, or paths, and one of its verbs."""
    for each in permissions:
        for what in (*each.resources, *each.paths):
            for verb in each.verbs:
                yield each, what, verb
