"""What an action is performed with; the runner implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from harness.actions.exec import Exec
    from harness.actions.node import Node
    from harness.actions.request import Http
    from harness.actions.restart import Restart
    from harness.actions.traffic import Traffic

KubernetesObject = dict[str, Any]


class ClusterClient(Protocol):
    """The Kubernetes API, for what this package has no verb for (harness/kubernetes/client.py: Cluster)."""

    def get(self, kind: str, name: str, namespace: str | None = None) -> KubernetesObject | None:
        """Return one object, or None when it does not exist."""

    def list(
        self, kind: str, namespace: str | None = None, label_selector: str | None = None
    ) -> Sequence[KubernetesObject]:
        """Return all objects of a kind; of all namespaces without one."""

    def create(self, body: KubernetesObject) -> KubernetesObject:
        """Create an object; its kind, name and namespace are in it."""

    def patch(
        self, kind: str, name: str, namespace: str | None, merge_patch: KubernetesObject
    ) -> KubernetesObject:
        """Apply a JSON merge patch (RFC 7386) and return the object."""

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Ask for an object's deletion; one that does not exist is fine."""


class ActionContext(Protocol):
    """One scenario and its cluster, as an action sees them.

    Chaos, namespaces and components go by their names in the scenario. What is done through it stays within
    the scenario's bounds; a refusal by the API server fails the step.
    """

    @property
    def namespace(self) -> str:
        """The scenario's own namespace."""

    @property
    def cluster(self) -> ClusterClient:
        """The Kubernetes API."""

    def resolve(self, value: Any) -> Any:
        """Return a value with its templates resolved, as they are now."""

    def note(self, text: str, detail: Mapping[str, Any] | None = None) -> None:
        """Record a thing worth knowing, such as an answer."""

    def failed(self, kind: str, reason: str, details: Sequence[str] = (), *, timed: bool = True) -> Exception:
        """Return the error that fails the step; `timed` when a faster machine might have made it."""

    def apply(self, chaos: str) -> None:
        """Create a chaos of the scenario."""

    def delete(self, chaos: str) -> None:
        """Delete a chaos; its finalizers then recover what it did."""

    def pause(self, chaos: str, *, paused: bool) -> None:
        """Pause or resume a chaos."""

    def remove_finalizers(self, chaos: str, seconds: float) -> None:
        """Remove the finalizers of a chaos that stays in deletion."""

    def patch(self, chaos: str, annotations: Mapping[str, str | None], spec: Mapping[str, Any]) -> None:
        """Change a chaos by a JSON merge patch (RFC 7386); templates allowed."""

    def remove_namespace(self, name: str, seconds: float) -> None:
        """Delete a further namespace with all that is in it, and wait until it is gone."""

    def restart(self, wanted: Restart) -> None:
        """Delete the pods of a component, or of the workload, for new ones to come."""

    def scale(self, component: str, replicas: int) -> None:
        """Ask for another number of pods of a component, or of the workload."""

    def replaced(self, component: str, node: str | None) -> None:
        """Note that pods are new, so that the clean-up does not replace them for what a command broke."""

    def deny(self, component: str, verbs: Sequence[str], resources: Sequence[str]) -> None:
        """Let the API server refuse a component requests; return when it does."""

    def allow(self, component: str) -> None:
        """Allow a component again all that was denied to it; return when the API server does."""

    def traffic(self, wanted: Traffic) -> dict[str, Any]:
        """Let a pod of the workload send requests to another; return what it says came of it."""

    def http(self, wanted: Http) -> dict[str, Any]:
        """Send requests; return what a recording says about the answers."""

    def execute(self, wanted: Exec) -> dict[str, Any]:
        """Run a command in a container; return what a recording says about it."""

    def execute_on_node(self, wanted: Node) -> dict[str, Any]:
        """Run a command on a node; return what a recording says about it."""
