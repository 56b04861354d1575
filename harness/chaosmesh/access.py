"""Asks the API server, before a run, whether it permits all that the run will ask for."""

from __future__ import annotations

from collections.abc import Collection

from harness.base.errors import UsageError
from harness.chaosmesh.permissions import Permission, Place, Tier, of_tiers, single
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.namespaces import HARNESS_NAMESPACE

_NEXT = "chaos-harness rbac | kubectl apply -f -"
_ANY = "chaos-harness-any"
"""A namespace that need not exist: what is permitted in it is permitted in those of scenarios, too."""


class NotPermittedError(UsageError):
    """The account of the kubeconfig may not do what a run needs."""


def missing(cluster: Cluster, chaos_mesh_namespace: str, tiers: Collection[Tier]) -> list[str]:
    """Return what the account may not do, a line each: verb, resource and where.

    Args:
        cluster: where; as the account that runs.
        chaos_mesh_namespace: where Chaos Mesh runs.
        tiers: whose permissions are asked for.

    Raises:
        ApiError: the API server did not answer, or refused to say.
    """
    places = {"everywhere": _ANY, "harness": HARNESS_NAMESPACE, "chaos-mesh": chaos_mesh_namespace}
    wanted = [each for each in single(of_tiers(tiers)) if each[0].resources]
    return [
        line
        for each, resource, verb in wanted
        if (line := _refused(cluster, each, resource, verb, places[each.place]))
    ]


def check(cluster: Cluster, chaos_mesh_namespace: str, tiers: Collection[Tier]) -> None:
    """Make sure that the account may do all that a run needs.

    Raises:
        NotPermittedError: it may not; names each verb, resource and namespace.
        ApiError: the API server did not answer, or refused to say.
    """
    if lines := missing(cluster, chaos_mesh_namespace, tiers):
        raise NotPermittedError(
            f"the account of the context {cluster.context} lacks {len(lines)} of the permissions of a run",
            next_step=f"have an administrator run: {_NEXT}; then use that ServiceAccount's token",
            details=lines,
        )


def _refused(cluster: Cluster, each: Permission, resource: str, verb: str, namespace: str) -> str:
    name, _, subresource = resource.partition("/")
    attributes: Object = {"group": each.group, "resource": name, "verb": verb, "namespace": namespace}
    if subresource:
        attributes["subresource"] = subresource
    review = cluster.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": {"resourceAttributes": attributes},
        }
    )
    if review["status"]["allowed"]:
        return ""
    group = f".{each.group}" if each.group else ""
    return f"{verb} {resource}{group} {_where(each.place, namespace)}: {each.why}"


def _where(place: Place, namespace: str) -> str:
    return "in all namespaces" if place == "everywhere" else f"in the namespace {namespace}"
