"""Asks the API server, before a run, whether it permits all that the run will ask for."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness.base.errors import UsageError
from harness.chaosmesh.permissions import RBAC, Permission, Place, Tier, of_tiers, single
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.namespaces import HARNESS_NAMESPACE

_ANY = "chaos-harness-any"
"""A namespace that need not exist: what is permitted in it is permitted in those of scenarios, too."""


_AT_ONCE = 8
_USUAL = "chaos-mesh"
"""The namespace that `chaos-harness rbac` takes by default."""


class NotPermittedError(UsageError):
    """The account of the kubeconfig may not do what a run needs."""


@dataclass(frozen=True)
class AccessLimits:
    """What an account may not do that only some scenarios need; each is a reason, empty when it may.

    Attributes:
        node: look at a node, or act on one.
        roles: change roles, as the step `deny` does.
    """

    node: str = ""
    roles: str = ""


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
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        lines = pool.map(lambda one: _refused(cluster, one[0], one[1], one[2], places[one[0].place]), wanted)
        return [line for line in lines if line]


def check(cluster: Cluster, chaos_mesh_namespace: str, tiers: Collection[Tier]) -> None:
    """Make sure that the account may do all that a run needs.

    Raises:
        NotPermittedError: it may not; names each verb, resource and namespace.
        ApiError: the API server did not answer, or refused to say.
    """
    if lines := missing(cluster, chaos_mesh_namespace, tiers):
        raise NotPermittedError(
            f"the account of the context {cluster.context} lacks {len(lines)} of the permissions of a run",
            next_step=f"have an administrator run: {_rbac(chaos_mesh_namespace, tiers)} | kubectl apply -f -"
            "; then use that ServiceAccount's token",
            details=lines,
        )


def _rbac(chaos_mesh_namespace: str, tiers: Collection[Tier]) -> str:
    """Return the command that prints the roles of a run."""
    words = ["chaos-harness rbac"]
    if chaos_mesh_namespace != _USUAL:
        words += ["--chaos-mesh-namespace", chaos_mesh_namespace]
    if "disruption" in tiers:
        words.append("--allow-disruption")
    if "in-cluster" in tiers:
        words.append("--in-cluster")
    return " ".join(words)


def check_installing(cluster: Cluster, chaos_mesh_namespace: str, *, chaos_mesh: bool) -> None:
    """Make sure that the account may install what is to be installed: Prometheus, or Chaos Mesh as well.

    Raises:
        NotPermittedError: it may not.
        ApiError: the API server did not answer, or refused to say.
    """
    what, lines = "Prometheus", missing(cluster, chaos_mesh_namespace, ["install"])
    if chaos_mesh and not _allowed(cluster, "*", "*", "*", ""):
        what, lines = "Chaos Mesh", ["all verbs on all resources: its chart makes roles and CRDs"]
    if lines:
        raise NotPermittedError(
            f"the account of the context {cluster.context} may not install {what}",
            next_step="have an administrator run `chaos-harness up` once with the same options; "
            "what is installed then is used",
            details=lines,
        )


def limits(cluster: Cluster, chaos_mesh_namespace: str) -> AccessLimits:
    """Return what of all that only some scenarios need the account may not do.

    Raises:
        ApiError: the API server did not answer, or refused to say.
    """
    node = next(iter(missing(cluster, chaos_mesh_namespace, ["node"])), "").partition(":")[0]
    roles = next(
        (
            verb
            for verb in ("patch", "escalate")
            if not _allowed(cluster, verb, RBAC, "clusterroles", chaos_mesh_namespace)
        ),
        "",
    )
    return AccessLimits(
        node=node and f"the account may not {node}",
        roles=roles and f"the account may not {roles} clusterroles.{RBAC}, which is for an administrator",
    )


def _refused(cluster: Cluster, each: Permission, resource: str, verb: str, namespace: str) -> str:
    if _allowed(cluster, verb, each.group, resource, namespace):
        return ""
    group = f".{each.group}" if each.group else ""
    return f"{verb} {resource}{group} {_where(each.place, namespace)}: {each.why}"


def _allowed(cluster: Cluster, verb: str, group: str, resource: str, namespace: str) -> bool:
    name, _, subresource = resource.partition("/")
    attributes: Object = {"group": group, "resource": name, "verb": verb, "namespace": namespace}
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
    return bool(review["status"]["allowed"])


def _where(place: Place, namespace: str) -> str:
    return "in all namespaces" if place == "everywhere" else f"in the namespace {namespace}"
