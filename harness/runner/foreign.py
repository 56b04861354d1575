"""Sees what others than this run's scenarios do with Chaos Mesh while a scenario looks at what all share.

Chaos Mesh tells of everything that it does to an object by an event in the object's namespace. One watch of
these, of all namespaces, is cheap, and keeps what is gone with its namespace a moment later.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from harness.chaosmesh.calls import METHODS
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.follower import Follower
from harness.kubernetes.kinds import CHAOS_MESH_API, EXPERIMENT_KINDS, MADE_FOR
from harness.kubernetes.namespaces import RUN_LABEL
from harness.oracles.events import event_of
from harness.recording.foreign import ForeignUse
from harness.runner.conflicts import operations_of

_LEAST_KNOWN_SECONDS = 5.0
_SELECTOR = f"involvedObject.apiVersion={CHAOS_MESH_API}"


@dataclass
class _Seen:
    """An object of others, with the times (seconds) of all events about it."""

    began: float
    times: list[float]


class Foreign:
    """Watches the events about Chaos Mesh's objects in namespaces that are not of this run.

    Attributes:
        standing: experiments of others whose chaos was in force at the start, which nothing may tell of.
    """

    def __init__(self, cluster: Cluster, run: str, since: float) -> None:
        """Prepare.

        Args:
            cluster: where.
            run: this run's id, a label of all its namespaces.
            since: what is older (seconds) is of no interest.
        """
        self._cluster = cluster
        self._run = run
        self._since = since - _LEAST_KNOWN_SECONDS
        self._lock = threading.Lock()
        self._events: set[str] = set()
        self._own: dict[str, bool] = {}
        self._seen: dict[tuple[str, str, str], _Seen] = {}
        self.standing: list[ForeignUse] = []
        self._follower = Follower(cluster, "Event", None, self._add, field_selector=_SELECTOR)

    def start(self, *, standing: bool = False) -> None:
        """Begin to watch, in a thread.

        Args:
            standing: look also for chaos that is in force already.

        Raises:
            ApiError: the experiments cannot be listed.
        """
        self._follower.start()
        if standing:
            for kind in EXPERIMENT_KINDS:
                listed = (self._in_force(kind, found) for found in self._cluster.list(kind))
                self.standing += filter(None, listed)

    def stop(self) -> None:
        """End the watch."""
        self._follower.stop()

    def uses(self, since: float) -> list[ForeignUse]:
        """Return the objects on which Chaos Mesh was seen to be at work since a time (seconds)."""
        with self._lock:
            return [
                ForeignUse(kind, namespace, name, seen.began, max(seen.times))
                for (kind, namespace, name), seen in sorted(self._seen.items())
                if max(seen.times) >= since
            ]

    def _in_force(self, kind: str, found: Object) -> ForeignUse | None:
        """Return an experiment of others that has injected anything."""
        metadata = found["metadata"]
        records = found.get("status", {}).get("experiment", {}).get("containerRecords") or ()
        injected = any(each.get("phase") == "Injected" for each in records)
        if not injected or self._is_own(metadata["namespace"]):
            return None
        since = datetime.fromisoformat(metadata["creationTimestamp"]).timestamp()
        return ForeignUse(kind, metadata["namespace"], metadata["name"], since, since)

    def _add(self, found: Object) -> None:
        identity = str(found["metadata"]["uid"])
        event = event_of(found)
        if identity in self._events or event.time < self._since or self._is_own(event.namespace):
            return
        with self._lock:
            self._events.add(identity)
            seen = self._seen.setdefault((event.kind, event.namespace, event.object), _Seen(event.time, []))
            seen.began = min(seen.began, event.time)
            seen.times.append(event.time)

    def _is_own(self, namespace: str) -> bool:
        """Say whether a namespace is of this run; asked at the first event in it, while it is there."""
        if namespace not in self._own:
            there = self._cluster.get("Namespace", namespace)
            labels = (there or {}).get("metadata", {}).get("labels") or {}
            self._own[namespace] = labels.get(RUN_LABEL) == self._run
        return self._own[namespace]


def operations(use: ForeignUse) -> frozenset[str]:
    """Return what an object of others may do, as the catalogue names what touches a metric.

    Its action is not known, so it may be any of which something is known.
    """
    kind = MADE_FOR.get(use.kind, use.kind)
    actions = {each for each in METHODS if each.startswith(f"{kind}/")}
    return operations_of(kind, {}) | actions
