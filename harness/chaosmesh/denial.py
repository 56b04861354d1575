"""Lets the API server refuse a component of Chaos Mesh certain requests, and puts back what it was allowed.

The original rules are kept as an annotation of the very role that is changed, written by the same request:
whoever finds it, after however sudden an end, can put things back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from harness.base.errors import InfrastructureError
from harness.base.waiting import asking
from harness.chaosmesh.components import COMPONENTS
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.kinds import CHAOS_MESH_API
from harness.kubernetes.rbac import Rule, Served, allows, without

DENIED = "chaos-harness/denied"
"""A role's annotation: the component, and the rules that it had, as JSON."""

EFFECT_SECONDS = 10.0
"""How long the API server may take until it decides by changed rules; it takes milliseconds."""

_PAUSE_SECONDS = 0.05
_GROUP = CHAOS_MESH_API.partition("/")[0]


@dataclass(frozen=True)
class _Account:
    """The ServiceAccount of a component's pods."""

    namespace: str
    name: str

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def groups(self) -> list[str]:
        return ["system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated"]

    def is_(self, subject: Object) -> bool:
        """Say whether a subject of a binding is this account."""
        wanted = ("ServiceAccount", self.namespace, self.name)
        return (subject.get("kind"), subject.get("namespace"), subject.get("name")) == wanted


@dataclass(frozen=True)
class _Request:
    """A kind of request that the API server allows or refuses; of all namespaces when there is none."""

    resource: str
    verb: str
    namespace: str | None


def deny(
    cluster: Cluster,
    job: str,
    chaos_mesh_namespace: str,
    resources: Collection[str],
    verbs: Collection[str],
    *,
    seconds: float = EFFECT_SECONDS,
) -> None:
    """Take requests from what a component is allowed, and wait until the API server refuses them.

    Args:
        cluster: where.
        job: the component.
        chaos_mesh_namespace: where Chaos Mesh runs.
        resources: of the API group chaos-mesh.org: `statuschecks`, `statuschecks/status`.
        verbs: get, list, ...
        seconds: bound for the wait.

    Raises:
        InfrastructureError: it is not allowed any of it before, a role of it is that of others too, or the
            API server still allows something when the time is over.
        ApiError: the API server did not answer, or refused.
    """
    account = _account(cluster, job, chaos_mesh_namespace)
    served = _served(cluster)
    bindings = _bindings(cluster)
    changes = []
    for role in _roles_of(cluster, account, bindings):
        after = without(_rules(role), resources, verbs, served)
        if after == _rules(role):
            continue
        bound = [subject for binding in _of(role, bindings) for subject in _subjects(binding)]
        if others := [subject for subject in bound if not account.is_(subject)]:
            raise InfrastructureError(
                f"the {role['kind']} {role['metadata']['name']} is not that of {job} alone",
                next_step="give Chaos Mesh roles of its own, as its chart does: what is taken from this one "
                "would be taken from others too",
                details=[f"{each.get('kind')} {each.get('name')}" for each in others],
            )
        changes.append((role, after))
    if not changes:
        raise InfrastructureError(
            f"no role allows {job} to {_and(verbs)} {_and(resources)}: there is nothing to deny",
            next_step="deny it what it is allowed; chaos-harness status names the kubeconfig to look with",
        )
    for role, after in changes:
        patch: Object = {"rules": after}
        if DENIED not in _annotations(role):
            kept = json.dumps({"component": job, "rules": _rules(role)})
            patch["metadata"] = {"annotations": {DENIED: kept}}
        _patch(cluster, role, patch)
    wanted = {
        _Request(resource, verb, place)
        for role, _ in changes
        for place in _places(role, bindings)
        for resource in resources
        for verb in verbs
    }
    _await(cluster, account, wanted, allowed=False, seconds=seconds)


def lift(
    cluster: Cluster, chaos_mesh_namespace: str, job: str | None = None, *, seconds: float = EFFECT_SECONDS
) -> set[str]:
    """Put back the rules of every role that `deny` changed, and wait until the API server goes by them.

    Args:
        cluster: where.
        chaos_mesh_namespace: where Chaos Mesh runs.
        job: only what was denied to this component.
        seconds: bound for the wait for each component.

    Returns:
        The components that had been denied something.

    Raises:
        InfrastructureError: the API server still refuses something when the time is over.
        ApiError: the API server did not answer, or refused.
    """
    lost: dict[str, set[_Request]] = {}
    for role in [*cluster.list("ClusterRole"), *cluster.list("Role")]:
        if DENIED not in _annotations(role):
            continue
        kept = json.loads(_annotations(role)[DENIED])
        if job not in (None, kept["component"]):
            continue
        lost.setdefault(kept["component"], set()).update(
            _Request(resource, verb, place)
            for place in _places(role, _bindings(cluster))
            for resource, known in _served(cluster).resources.items()
            for verb in known
            if allows(kept["rules"], _GROUP, resource, verb)
            and not allows(_rules(role), _GROUP, resource, verb)
        )
        _patch(cluster, role, {"metadata": {"annotations": {DENIED: None}}, "rules": kept["rules"]})
    for component in sorted(lost):
        account = _account(cluster, component, chaos_mesh_namespace)
        _await(cluster, account, lost[component], allowed=True, seconds=seconds)
    return set(lost)


def _await(
    cluster: Cluster, account: _Account, requests: Collection[_Request], *, allowed: bool, seconds: float
) -> None:
    from tenacity import RetryError, retry_if_result

    other = retry_if_result(lambda decided: decided["allowed"] is not allowed)
    decide = asking(other, seconds=seconds, every=_PAUSE_SECONDS)
    for request in sorted(requests, key=str):
        try:
            decide(_decision, cluster, account, request)
        except RetryError as late:
            does, should = ("refuses", "allow") if allowed else ("allows", "refuse")
            raise InfrastructureError(
                f"the API server still {does} {account.user} to {request.verb} {request.resource} after "
                f"{seconds:.0f} s, and should {should} it",
                next_step="look at all that is bound to it and to its groups: kubectl auth can-i "
                f"{request.verb} {request.resource}.{_GROUP} --as {account.user}",
                details=[reason] if (reason := late.last_attempt.result().get("reason")) else [],
            ) from late


def _decision(cluster: Cluster, account: _Account, request: _Request) -> Object:
    """Return what the API server decides: `allowed`, and mostly the `reason`."""
    resource, _, subresource = request.resource.partition("/")
    attributes = {"group": _GROUP, "resource": resource, "verb": request.verb}
    if subresource:
        attributes["subresource"] = subresource
    if request.namespace:
        attributes["namespace"] = request.namespace
    review = cluster.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {"user": account.user, "groups": account.groups, "resourceAttributes": attributes},
        }
    )
    return dict(review["status"])


def _account(cluster: Cluster, job: str, chaos_mesh_namespace: str) -> _Account:
    component = COMPONENTS[job]
    owner = cluster.get(component.kind, component.name, chaos_mesh_namespace)
    if owner is None:
        raise InfrastructureError(
            f"there is no {component.kind} {component.name} in the namespace {chaos_mesh_namespace}",
            next_step="look at Chaos Mesh: chaos-harness status",
        )
    pod = owner["spec"]["template"]["spec"]
    return _Account(chaos_mesh_namespace, str(pod.get("serviceAccountName") or "default"))


def _bindings(cluster: Cluster) -> list[Object]:
    return [*cluster.list("ClusterRoleBinding"), *cluster.list("RoleBinding")]


def _roles_of(cluster: Cluster, account: _Account, bindings: Iterable[Object]) -> list[Object]:
    """Return the roles that are bound to an account, each once."""
    bound = {
        (binding["roleRef"]["kind"], binding["roleRef"]["name"], _namespace_of_role(binding))
        for binding in bindings
        if any(account.is_(subject) for subject in _subjects(binding))
    }
    roles = (cluster.get(kind, name, namespace) for kind, name, namespace in sorted(bound, key=str))
    return [role for role in roles if role is not None]


def _of(role: Object, bindings: Iterable[Object]) -> list[Object]:
    """Return the bindings of a role."""
    wanted = (role["kind"], role["metadata"]["name"], role["metadata"].get("namespace"))
    return [
        each
        for each in bindings
        if (each["roleRef"]["kind"], each["roleRef"]["name"], _namespace_of_role(each)) == wanted
    ]


def _places(role: Object, bindings: Iterable[Object]) -> set[str | None]:
    """Return the namespaces in which a role is bound; None stands for all of them."""
    return {binding["metadata"].get("namespace") for binding in _of(role, bindings)}


def _namespace_of_role(binding: Object) -> str | None:
    """Return the namespace of the role that a binding is about; a ClusterRole has none."""
    if binding["roleRef"]["kind"] == "ClusterRole":
        return None
    return str(binding["metadata"]["namespace"])


def _subjects(binding: Object) -> list[Object]:
    return list(binding.get("subjects") or [])


def _served(cluster: Cluster) -> Served:
    groups = {group["name"] for group in json.loads(cluster.text("/apis"))["groups"]}
    listed = json.loads(cluster.text(f"/apis/{CHAOS_MESH_API}"))["resources"]
    resources = {each["name"]: frozenset(each["verbs"]) for each in listed}
    # Who sets an owner may be asked for it, though it is no resource that is listed.
    finalizers = {f"{name}/finalizers": frozenset({"update"}) for name in resources if "/" not in name}
    return Served(frozenset({"", *groups}), _GROUP, resources | finalizers)


def _patch(cluster: Cluster, role: Object, patch: Object) -> None:
    metadata = role["metadata"]
    cluster.patch(role["kind"], metadata["name"], metadata.get("namespace"), patch)


def _rules(role: Object) -> list[Rule]:
    return list(role.get("rules") or [])


def _annotations(role: Object) -> dict[str, str]:
    return role["metadata"].get("annotations") or {}


def _and(words: Collection[str]) -> str:
    return " and ".join(words)
