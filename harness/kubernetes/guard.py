"""Keeps requests away from what is others' on a cluster that the harness does not own.

Every request passes here before it is sent, whoever makes it: a rule in one place, and none in the callers.
Reads pass. Writes pass where a run of the harness made the namespace, which its labels prove: the identity of
the stack is random, and no name is believed. RBAC cannot say that: it knows no labels of namespaces. What the
harness installs is its own by a label of each object.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.base.errors import BoundaryError
from harness.kubernetes import namespaces
from harness.kubernetes.asked import AskedRequest
from harness.kubernetes.client import Object
from harness.kubernetes.errors import NotFoundError
from harness.kubernetes.kinds import CHAOS_MESH_API, kind_by_plural

Look = Callable[[str, str, str | None], Object | None]
"""Gets an object by kind, name and namespace; None when it does not exist."""

CHAOS_MESH_GROUP = CHAOS_MESH_API.partition("/")[0]
DAEMON = "chaos-daemon"
_COMPONENT = "app.kubernetes.io/component"
_REVIEWS = "authorization.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_RUNNING_PODS = "/runningpods/"
_DISRUPTIONS = frozenset(
    {("delete", "pods"), ("patch", "deployments"), ("patch", "daemonsets"), ("patch", "roles")}
)
"""By what a step restarts or scales a component of Chaos Mesh, or denies it something."""
_KEEP = "keep to what the scenario made, or use a cluster of your own: chaos-harness up"
_AGREE = "if everybody who uses this cluster agrees: --allow-disruption"


@dataclass(eq=False)
class ForeignRequestError(BoundaryError):
    """A request would change, or enter, what no run of the harness made; it was not sent.

    Attributes:
        verb: as in RBAC.
        resource: with the subresource.
        namespace: "" where the object has none.
        name: of the object.
    """

    verb: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""


@dataclass
class Guard:
    """What may be sent to a cluster that others use, too. May be used by several threads at once.

    Attributes:
        stack: the stack's identity, a label of all namespaces that runs on it made.
        run: this run's id, with which it makes namespaces; "" for a command that makes none.
        chaos_mesh_namespace: where Chaos Mesh runs.
        disruption: Chaos Mesh's components may be restarted, scaled and denied something.
        allowed: namespaces of others that scenarios may reach, as the user said.
        cluster: the cluster's identity, with which objects are installed and removed; "" for a command that
            does neither.
    """

    stack: str
    run: str
    chaos_mesh_namespace: str
    disruption: bool = False
    allowed: frozenset[str] = frozenset()
    cluster: str = ""
    _own: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    _daemons: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def check(
        self, request: AskedRequest, look: Look, *, body: Object | None = None, container: str = ""
    ) -> None:
        """Return when a request may be sent.

        Args:
            request: what is asked.
            look: gets objects, to see whose they are.
            body: of the request.
            container: that is entered.

        Raises:
            ForeignRequestError: it may not.
            NotFoundError: the namespace that it is about does not exist.
            ApiError: the API server did not say whose it is.
        """
        if request.reads and not self._runs_on_node(request):
            return
        if request.dry_run or (request.group == _REVIEWS and request.verb == "create"):
            # Nothing is kept of it.
            return
        if self.cluster and self._is_installed(request, look, body):
            return
        if request.kind_of_resource == "namespaces":
            self._namespace(request, look, body)
        elif request.namespace == self.chaos_mesh_namespace:
            self._chaos_mesh(request, look, container)
        elif request.namespace == namespaces.HARNESS_NAMESPACE:
            if not (request.resource == "leases" or request.enters or request.through_proxy):
                raise _refused(request, f"only its Lease is changed in {request.namespace}", "")
        elif request.namespace:
            self._namespaced(request, look)
        elif not (self.disruption and request.group == _RBAC and request.verb == "patch"):
            raise _refused(request, "it is of the whole cluster", _AGREE if request.group == _RBAC else "")

    def _runs_on_node(self, request: AskedRequest) -> bool:
        """Say whether a GET may do more than read: by a kubelet's API commands are run."""
        return request.resource == "nodes/proxy" and request.inner.rstrip("/") + "/" != _RUNNING_PODS

    def _namespace(self, request: AskedRequest, look: Look, body: Object | None) -> None:
        if request.verb == "create":
            metadata = (body or {}).get("metadata") or {}
            name, labels = str(metadata.get("name", "")), metadata.get("labels") or {}
            wanted = {**namespaces.labels(self.run), namespaces.STACK_LABEL: self.stack}
            if name != namespaces.HARNESS_NAMESPACE and not wanted.items() <= labels.items():
                raise _refused(request, f"the namespace {name} would not bear the labels of this run", "")
        elif not request.name:
            raise _refused(request, "it is about all namespaces", "")
        else:
            self._is_own(request, request.name, look)

    def _chaos_mesh(self, request: AskedRequest, look: Look, container: str) -> None:
        if request.enters:
            if container != DAEMON or not self._is_daemon(request.name, look):
                raise _refused(request, f"of Chaos Mesh's pods only those of {DAEMON} are entered", "")
        elif not request.through_proxy:
            # What is sent to its dashboard is checked by harness/chaosmesh/boundary.py.
            disrupts = bool(request.name) and (request.verb, request.resource) in _DISRUPTIONS
            if not (self.disruption and disrupts):
                raise _refused(request, "it changes Chaos Mesh, which others use", _AGREE if disrupts else "")

    def _namespaced(self, request: AskedRequest, look: Look) -> None:
        if request.namespace in self.allowed and (
            request.group == CHAOS_MESH_GROUP or request.enters or request.through_proxy
        ):
            return
        self._is_own(request, request.namespace, look)

    def _is_installed(self, request: AskedRequest, look: Look, body: Object | None) -> bool:
        """Say whether an object is one that the harness installs here, or has installed."""
        if request.enters or request.through_proxy:
            return False
        if request.verb == "create":
            return request.namespace in ("", namespaces.HARNESS_NAMESPACE) and self._bears_label(body)
        kind = kind_by_plural(request.group, request.resource)
        if kind is None or not request.name:
            return False
        if kind.name == "CustomResourceDefinition" and request.name.endswith(f".{CHAOS_MESH_GROUP}"):
            # The chart's, which have no label; they go with the namespace that the chart was installed in.
            return self._bears_label(look("Namespace", self.chaos_mesh_namespace, None))
        return self._bears_label(look(kind.name, request.name, request.namespace or None))

    def _bears_label(self, found: Object | None) -> bool:
        labels = ((found or {}).get("metadata") or {}).get("labels") or {}
        return bool(labels.get(namespaces.INSTALLED) == self.cluster)

    def _is_own(self, request: AskedRequest, name: str, look: Look) -> None:
        with self._lock:
            if name in self._own:
                return
        found = look("Namespace", name, None)
        if found is None:
            raise NotFoundError(
                f"cannot {request.text()}: the namespace {name} does not exist", status=404, reason="NotFound"
            )
        run, stack = namespaces.made_by(found)
        labels = found["metadata"].get("labels") or {}
        if not (run and stack == self.stack and labels.get(namespaces.MANAGED_BY) == namespaces.MANAGER):
            raise _refused(request, f"no run of the harness made the namespace {name}", "")
        with self._lock:
            self._own.add(name)

    def _is_daemon(self, pod: str, look: Look) -> bool:
        with self._lock:
            if pod in self._daemons:
                return True
        found = look("Pod", pod, self.chaos_mesh_namespace) or {"metadata": {}}
        if (found["metadata"].get("labels") or {}).get(_COMPONENT) != DAEMON:
            return False
        with self._lock:
            self._daemons.add(pod)
        return True


def _refused(request: AskedRequest, why: str, next_step: str) -> ForeignRequestError:
    return ForeignRequestError(
        f"not sent, as this cluster is not the harness' own: {request.text()}: {why}",
        next_step=next_step or _KEEP,
        verb=request.verb,
        resource=request.resource,
        namespace=request.namespace,
        name=request.name,
    )
