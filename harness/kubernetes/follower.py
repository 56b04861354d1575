"""Follows a Kubernetes watch: everything that is there, and everything that comes, until it is stopped."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import ApiError

_WATCH_SECONDS = 60.0
_PAUSE_SECONDS = 1.0


class Follower:
    """Follows the objects of a kind in a thread of its own."""

    def __init__(
        self,
        cluster: Cluster,
        kind: str,
        namespace: str | None,
        add: Callable[[Object], None],
        *,
        field_selector: str | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            cluster: where.
            kind: the kind's name.
            namespace: where; None for all namespaces.
            add: is given each object, and again after each change, in a thread. It has to know an
                object that it has seen: each watch begins with a list of all. What is deleted is not given.
            field_selector: only these.
        """
        self._cluster = cluster
        self._kind = kind
        self._namespace = namespace
        self._add = add
        self._field_selector = field_selector
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._end_watch: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to follow."""
        threading.Thread(target=self._follow, name=f"follow {self._kind}", daemon=True).start()

    def stop(self) -> None:
        """End the watch."""
        self._stopped.set()
        with self._lock:
            end = self._end_watch
        if end is not None:
            end()

    def _follow(self) -> None:
        from tenacity import (
            RetryError,
            Retrying,
            retry_if_exception_type,
            sleep_using_event,
            stop_when_event_set,
            wait_fixed,
        )

        # What was missed while the API server did not answer is in the list that the next turn begins with.
        until_stopped = Retrying(
            retry=retry_if_exception_type(ApiError),
            stop=stop_when_event_set(self._stopped),
            wait=wait_fixed(_PAUSE_SECONDS),
            sleep=sleep_using_event(self._stopped),
        )
        while not self._stopped.is_set():
            with contextlib.suppress(RetryError):
                until_stopped(self._watch)

    def _watch(self) -> None:
        """List, and watch from there until the watch ends."""
        selector = self._field_selector
        found, version = self._cluster.list_versioned(self._kind, self._namespace, field_selector=selector)
        for each in found:
            self._add(each)
        for change, each in self._cluster.watch(
            self._kind,
            self._namespace,
            version,
            _WATCH_SECONDS,
            field_selector=selector,
            opened=self._opened,
        ):
            if change != "DELETED":
                self._add(each)
            if self._stopped.is_set():
                return

    def _opened(self, end: Callable[[], None]) -> None:
        with self._lock:
            self._end_watch = end
        if self._stopped.is_set():
            end()
