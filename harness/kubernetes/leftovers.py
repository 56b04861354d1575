"""Removes objects for good, bounded, and reports what did not go by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from harness.base import working_time
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import NotFoundError, WaitTimeoutError


@dataclass(frozen=True)
class StuckObject:
    """Something that clean-up could not remove in the ordinary way.

    Attributes:
        kind: of the object, or `process`.
        name: its name.
        what_was_done: a sentence.
        forced: it is gone now, but only by force; otherwise it is still there.
    """

    kind: str
    name: str
    what_was_done: str
    forced: bool = False


class Deadline:
    """A point in time that several waits share."""

    def __init__(self, seconds: float) -> None:
        self._end = working_time.now() + seconds

    def left(self, at_most: float = float("inf")) -> float:
        """Return the seconds that are left, at least a small number, so that a wait still looks once."""
        return min(max(self._end - working_time.now(), 0.05), at_most)


def delete_all(cluster: Cluster, kinds: Iterable[str], namespace: str) -> list[Object]:
    """Ask for the deletion of all objects of some kinds; return them.

    A kind that the cluster does not serve has no objects.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    asked: list[Object] = []
    for kind in kinds:
        try:
            found = cluster.list(kind, namespace)
        except NotFoundError:
            continue
        for item in found:
            cluster.delete(kind, item["metadata"]["name"], namespace)
        asked += found
    return asked


def wait_all_gone(cluster: Cluster, objects: Iterable[Object], deadline: Deadline) -> list[Object]:
    """Wait until objects do not exist; return those that still do, as they were last."""
    stuck: list[Object] = []
    for item in objects:
        metadata = item["metadata"]
        try:
            cluster.wait_gone(item["kind"], metadata["name"], metadata.get("namespace"), deadline.left())
        except WaitTimeoutError as late:
            stuck += late.last
    return stuck


def strip_finalizers(cluster: Cluster, stuck: Object, deadline: Deadline) -> StuckObject:
    """Remove an object's finalizers, the last resort, and say what came of it.

    Raises:
        ApiError: the API server did not answer, or refused.
    """
    metadata = stuck["metadata"]
    kind, name, namespace = stuck["kind"], metadata["name"], metadata.get("namespace")
    finalizers = ", ".join(metadata.get("finalizers") or []) or "none"
    with contextlib.suppress(NotFoundError):
        cluster.patch(kind, name, namespace, {"metadata": {"finalizers": None}})
    cluster.delete(kind, name, namespace, grace=0)
    try:
        cluster.wait_gone(kind, name, namespace, deadline.left(5.0))
    except WaitTimeoutError:
        return StuckObject(kind, name, f"still there after its finalizers ({finalizers}) were removed")
    return StuckObject(
        kind, name, f"was stuck in deletion; its finalizers ({finalizers}) were removed", forced=True
    )
