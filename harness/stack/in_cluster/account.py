"""The account of the shards: made of the generated roles in our cluster, looked for in one of others."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from harness.base.errors import UsageError
from harness.chaosmesh import roles
from harness.kubernetes.client import Cluster, ConflictError, Object
from harness.kubernetes.namespaces import HARNESS_NAMESPACE


class NoAccountError(UsageError):
    """The ServiceAccount of the shards is not there."""


def make(cluster: Cluster, chaos_mesh_namespace: str) -> list[Object]:
    """Make the account with all that a shard may need, and return what was made; what is there is kept."""
    text = roles.manifest("node", chaos_mesh_namespace, disruption=True)
    made = []
    for body in yaml.safe_load_all(text):
        try:
            made.append(cluster.create(body))
        except ConflictError:
            continue
    return made


def remove(cluster: Cluster, made: Sequence[Object]) -> None:
    """Remove what was made."""
    for body in reversed(made):
        metadata = body["metadata"]
        cluster.delete(body["kind"], metadata["name"], metadata.get("namespace"), uid=metadata["uid"])


def check(cluster: Cluster) -> None:
    """Make sure that it is there.

    Raises:
        NoAccountError: it is not.
    """
    if cluster.get("ServiceAccount", roles.ACCOUNT, HARNESS_NAMESPACE) is None:
        raise NoAccountError(
            f"there is no ServiceAccount {roles.ACCOUNT} in the namespace {HARNESS_NAMESPACE}, under which "
            "shards run",
            next_step="have an administrator run: chaos-harness rbac | kubectl apply -f -",
        )
