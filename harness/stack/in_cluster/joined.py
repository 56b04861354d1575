"""What a shard in the cluster is told of the run that it is a part of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.base.errors import UsageError
from harness.chaosmesh import access
from harness.chaosmesh.permissions import Tier
from harness.stack.connection import connect
from harness.stack.handle import StackHandle

VARIABLE = "CHAOS_HARNESS_JOINED_RUN"
"""The environment variable that names the file with it."""
CONTEXT = "in-cluster"


class ShardOfRun(BaseModel):
    """One shard.

    Attributes:
        scenarios: the names of those that it runs.
        files: where they are, relative to the folder of the scenarios that ship with the harness.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenarios: tuple[str, ...]
    files: tuple[str, ...]


class JoinedRun(BaseModel):
    """A run whose scenarios its shards run.

    Attributes:
        run: its id, which all shards have: what one of them makes is no stranger's to the others.
        holder: the identity by which the caller holds the cluster's Lease.
        secret: the first segment of the addresses under which shards hand out their reports.
        handle: the stack, as the caller reaches it.
        scenarios: of all shards: name to file, in the order in which they were collected.
        whole: all scenarios that ship with the harness are among them.
        shards: in the order of their numbers.
        words: further words of the command line of each.
    """

    model_config = ConfigDict(extra="forbid")

    run: str
    holder: str
    secret: str
    handle: StackHandle
    scenarios: dict[str, str]
    whole: bool
    shards: tuple[ShardOfRun, ...]
    words: tuple[str, ...] = ()


def read(path: Path) -> JoinedRun:
    """Return what the file says.

    Raises:
        UsageError: it cannot be read, or another version of the harness has written it.
    """
    try:
        return JoinedRun.model_validate_json(path.read_text())
    except (OSError, ValidationError) as error:
        raise UsageError(
            f"cannot read of what run this is a shard: {path}",
            next_step="start it with an image of the harness of the same version",
            details=str(error).splitlines()[:3],
        ) from error


def of_environment(environment: Mapping[str, str] = os.environ) -> JoinedRun | None:
    """Return the run that this process is a shard of; None when it is a run by itself.

    Raises:
        UsageError: as `read`.
    """
    path = environment.get(VARIABLE)
    return read(Path(path)) if path else None


def handle_here(joined: JoinedRun, kubeconfig: Path, *, disruption: bool) -> StackHandle:
    """Return the stack as the account of this pod reaches it: with its rights, as on a cluster of others.

    Raises:
        NotPermittedError: the account may not do what every run needs.
        ApiError: the API server did not answer.
    """
    target = joined.handle.target.model_copy(update={"whose": "theirs"})
    changed = {"kubeconfig": kubeconfig, "context": CONTEXT, "target": target}
    handle = joined.handle.model_copy(update=changed)
    cluster = connect(handle, run=joined.run, disruption=disruption)
    tiers: list[Tier] = ["api", "disruption"] if disruption else ["api"]
    access.check(cluster, handle.chaos_mesh_namespace, tiers)
    limits = access.limits(cluster, handle.chaos_mesh_namespace)
    refused = {"node_refused": limits.node, "roles_refused": limits.roles}
    return handle.model_copy(update={"target": target.model_copy(update=refused)})
