"""Whose a kind cluster is: only what was made from this state folder is ever changed or deleted.

A name proves nothing. What does, whatever became of the containers and of the API server in them:

- the record in the state folder, with the ids of the containers that kind made for us;
- a mark in each container: a mount of /dev/null to a path that holds the cluster's identity and the state
  folder. kind passes on nothing else to the engine that we could choose, and the mark is there as soon as the
  container is, also when the creation was cut off before there was anything to record;
- for clusters of versions that wrote neither: their container was there before the kubeconfig or the handle
  in the state folder was written. A name is unique in an engine, so that these are of that very container.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.base.errors import UsageError
from harness.base.files import write_whole
from harness.stack.engine import Engine
from harness.stack.kind import Container
from harness.stack.state import StateFolder

_MARK = "/kind/chaos-harness-owner/"
_FILE = "owner.json"
_INSPECT_SECONDS = 30.0


class ForeignClusterError(UsageError):
    """A kind cluster of that name is there, and was not made from this state folder."""


class Record(BaseModel):
    """What is written down of a cluster that is ours.

    Attributes:
        identity: in the mark of its containers; new with each creation.
        containers: ids, once kind has made them.
        folder: the cluster's state folder: a copy of it elsewhere is not the one that the cluster belongs to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    identity: str
    containers: list[str] = []
    folder: str = ""


@dataclass(frozen=True)
class Owner:
    """Whose a cluster is.

    Attributes:
        ours: it was made from this state folder.
        folder: the state folder of the cluster that its mark names, when it has one.
    """

    ours: bool
    folder: Path | None = None


def begin(state: StateFolder) -> str:
    """Write down that a cluster is about to be made, where there is none; return its identity."""
    identity = uuid.uuid4().hex
    _save(state, Record(identity=identity, folder=str(state.folder)))
    return identity


def seal(state: StateFolder, identity: str, containers: Sequence[Container]) -> None:
    """Write down the containers that were made."""
    ids = [each.id for each in containers]
    _save(state, Record(identity=identity, containers=ids, folder=str(state.folder)))


def identity(state: StateFolder) -> str:
    """Return the identity of a cluster that is ours; a new one for a cluster that has no record."""
    record = _load(state)
    return record.identity if record is not None else uuid.uuid4().hex


def forget(state: StateFolder) -> None:
    """Drop the record: the cluster is gone."""
    (state.folder / _FILE).unlink(missing_ok=True)


def mark(state: StateFolder, identity: str) -> str:
    """Return the path in each container that tells whose it is."""
    return f"{_MARK}{identity}{quote(str(state.folder))}"


def verify(state: StateFolder, containers: Sequence[Container], engine: Engine) -> None:
    """Make sure that a cluster, as far as there is any of it, is ours.

    Raises:
        ForeignClusterError: it is not; says whose it is, as far as its containers tell.
        CommandError: the engine does not say.
    """
    found = owner(state, containers, engine)
    if found.ours:
        return
    raise ForeignClusterError(
        problem(state, found),
        next_step=f"use another name (--cluster NAME){_instead(state, found)}",
        details=[f"its containers: {', '.join(each.name for each in containers)}"],
    )


def problem(state: StateFolder, found: Owner) -> str:
    """Return what stands in the way of using a cluster that is not ours."""
    if found.folder is None:
        return f"the kind cluster {state.cluster} was not made by this harness from {state.folder.parent}"
    if _same(found.folder, state.folder):
        return (
            f"the kind cluster {state.cluster} was made from a state folder of the same path as this one, "
            f"{found.folder.parent}, with other contents"
        )
    return f"the kind cluster {state.cluster} was made from another state folder: {found.folder.parent}"


def owner(state: StateFolder, containers: Sequence[Container], engine: Engine) -> Owner:
    """Return whose a cluster is; what does not exist is nobody else's.

    A cluster of an earlier version that is ours gets its record.

    Raises:
        CommandError: the engine does not say.
    """
    record = _load(state)
    if record is not None and record.folder and not _same(Path(record.folder), state.folder):
        return Owner(ours=not containers, folder=Path(record.folder))
    if all(record is not None and each.id in record.containers for each in containers):
        return Owner(ours=True)
    told = engine.run(
        f"ask whose the containers of {state.cluster} are",
        ["container", "inspect", *(each.id or each.name for each in containers)],
        timeout=_INSPECT_SECONDS,
    )
    inspected: list[dict[str, Any]] = json.loads(told.stdout)
    marks = [_mark_of(each) for each in inspected]
    for found in marks:
        if found is not None and not _is_ours(found, state, record):
            return Owner(ours=False, folder=found[1])
    if all(marks):
        return Owner(ours=True)
    if record is None and not any(marks) and _made_before_files_of(state, inspected):
        seal(state, uuid.uuid4().hex, containers)
        return Owner(ours=True)
    return Owner(ours=False)


def _instead(state: StateFolder, found: Owner) -> str:
    if found.folder is not None and not _same(found.folder, state.folder):
        return f", or its own state folder (CHAOS_HARNESS_STATE={found.folder.parent})"
    return f"; if nobody needs the cluster: kind delete cluster --name {state.cluster}"


def _mark_of(inspected: dict[str, Any]) -> tuple[str, Path] | None:
    """Return the identity and the state folder in a container's mark."""
    for mount in inspected.get("Mounts") or []:
        path = str(mount.get("Destination") or "")
        if path.startswith(_MARK):
            identity, _, folder = path.removeprefix(_MARK).partition("/")
            return identity, Path("/", unquote(folder))
    return None


def _is_ours(found: tuple[str, Path], state: StateFolder, record: Record | None) -> bool:
    identity, folder = found
    return _same(folder, state.folder) and (record is None or identity == record.identity)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _made_before_files_of(state: StateFolder, inspected: list[dict[str, Any]]) -> bool:
    written = [path.stat().st_mtime for path in (state.handle, state.kubeconfig) if path.exists()]
    made = [datetime.fromisoformat(str(each["Created"])).timestamp() for each in inspected]
    return bool(written) and max(made) <= max(written)


def _load(state: StateFolder) -> Record | None:
    try:
        return Record.model_validate_json((state.folder / _FILE).read_text())
    except (FileNotFoundError, ValidationError):
        return None


def _save(state: StateFolder, record: Record) -> None:
    write_whole(state.folder / _FILE, record.model_dump_json())
