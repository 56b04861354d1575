"""The kinds of objects that the harness handles, and their places in the API.

A table instead of discovery: discovery takes several requests before the first useful one.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.base.errors import UsageError
from harness.kubernetes.proxy import path_segment

CHAOS_MESH_API = "chaos-mesh.org/v1alpha1"


@dataclass(frozen=True)
class ResourceKind:
    """A kind of object.

    Attributes:
        name: such as `Pod`.
        api_version: such as `v1` or `apps/v1`.
        plural: the resource's name in paths: `pods`.
        namespaced: objects of it live in a namespace.
    """

    name: str
    api_version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of one object, or of the collection (of all namespaces without one).

        Raises:
            UsageError: the name or the namespace is none.
        """
        prefix = "/apis/" if "/" in self.api_version else "/api/"
        parts = [prefix + self.api_version]
        if self.namespaced and namespace:
            parts += ["namespaces", path_segment(namespace)]
        parts.append(self.plural)
        if name:
            parts.append(path_segment(name))
        return "/".join(parts)


EXPERIMENT_KINDS = (
    "AWSChaos",
    "AzureChaos",
    "BlockChaos",
    "DNSChaos",
    "GCPChaos",
    "HTTPChaos",
    "IOChaos",
    "JVMChaos",
    "KernelChaos",
    "NetworkChaos",
    "PhysicalMachineChaos",
    "PodChaos",
    "StressChaos",
    "TimeChaos",
)
"""The kinds that `chaos_controller_manager_chaos_experiments` counts (Chaos Mesh's `AllKinds()`)."""

MAKERS = ("Schedule", "Workflow")
"""No experiments themselves: they make them."""

# The controller's own objects, one a pod, that carry what several experiments want of it.
SHARED_KINDS = ("PodNetworkChaos", "PodIOChaos", "PodHttpChaos")

FURTHER_KINDS = ("StatusCheck", "WorkflowNode", "PhysicalMachine", *SHARED_KINDS)
"""What experiments, Schedules and Workflows use or make, and what may be applied by itself all the same."""

# In the order in which clean-up deletes them: whatever creates others goes first.
CHAOS_MESH_KINDS = (
    *("Workflow", "Schedule", "WorkflowNode", "StatusCheck"),
    *EXPERIMENT_KINDS,
    *SHARED_KINDS,
    "PhysicalMachine",
)

MADE_FOR = {
    "PodHttpChaos": "HTTPChaos",
    "PodIOChaos": "IOChaos",
    "PodNetworkChaos": "NetworkChaos",
    "WorkflowNode": "Workflow",
}
"""The controller's own objects, and what they are made for."""

ELSEWHERE_KIND = "RemoteCluster"
"""It belongs to no namespace, and what it is for is another cluster: no scenario may apply it."""

_KINDS = {
    kind.name: kind
    for kind in (
        ResourceKind("Namespace", "v1", "namespaces", namespaced=False),
        ResourceKind("Node", "v1", "nodes", namespaced=False),
        ResourceKind("Pod", "v1", "pods"),
        ResourceKind("Service", "v1", "services"),
        ResourceKind("ServiceAccount", "v1", "serviceaccounts"),
        ResourceKind("ConfigMap", "v1", "configmaps"),
        ResourceKind("Secret", "v1", "secrets"),
        ResourceKind("Event", "v1", "events"),
        ResourceKind("Deployment", "apps/v1", "deployments"),
        ResourceKind("DaemonSet", "apps/v1", "daemonsets"),
        ResourceKind("StatefulSet", "apps/v1", "statefulsets"),
        ResourceKind("Job", "batch/v1", "jobs"),
        ResourceKind("EndpointSlice", "discovery.k8s.io/v1", "endpointslices"),
        ResourceKind("Lease", "coordination.k8s.io/v1", "leases"),
        ResourceKind("ClusterRole", "rbac.authorization.k8s.io/v1", "clusterroles", namespaced=False),
        ResourceKind(
            "ClusterRoleBinding", "rbac.authorization.k8s.io/v1", "clusterrolebindings", namespaced=False
        ),
        ResourceKind("Role", "rbac.authorization.k8s.io/v1", "roles"),
        ResourceKind("RoleBinding", "rbac.authorization.k8s.io/v1", "rolebindings"),
        ResourceKind(
            "SubjectAccessReview", "authorization.k8s.io/v1", "subjectaccessreviews", namespaced=False
        ),
        ResourceKind(
            "SelfSubjectAccessReview", "authorization.k8s.io/v1", "selfsubjectaccessreviews", namespaced=False
        ),
        *(
            ResourceKind(name, "admissionregistration.k8s.io/v1", f"{name.lower()}s", namespaced=False)
            for name in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
        ),
        ResourceKind(
            "CustomResourceDefinition", "apiextensions.k8s.io/v1", "customresourcedefinitions", False
        ),
        *(
            ResourceKind(name, CHAOS_MESH_API, name.lower() if name.endswith("Chaos") else f"{name.lower()}s")
            for name in CHAOS_MESH_KINDS
        ),
    )
}


def kind_by_plural(group: str, plural: str) -> ResourceKind | None:
    """Return the kind of a resource, such as `pods` of the group ""; None when it is not known."""
    for kind in _KINDS.values():
        prefix, slash, _ = kind.api_version.partition("/")
        if kind.plural == plural and (prefix if slash else "") == group:
            return kind
    return None


def kind_of(name: str) -> ResourceKind:
    """Return the kind of that name.

    Raises:
        UsageError: the harness does not know it.
    """
    try:
        return _KINDS[name]
    except KeyError:
        known = ", ".join(sorted(_KINDS))
        raise UsageError(f"unknown kind {name!r}", details=[f"known kinds: {known}"]) from None
