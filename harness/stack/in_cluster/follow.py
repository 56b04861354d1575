"""Follows the shards of a run in the cluster until each has handed out its report, or will not any more."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.base import working_time
from harness.base.errors import HarnessError, InfrastructureError
from harness.base.progress import Progress
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import UnreachableError, WaitTimeoutError
from harness.kubernetes.namespaces import HARNESS_NAMESPACE
from harness.stack.in_cluster import endings, reports
from harness.stack.in_cluster.job import CONTAINER, GRACE_SECONDS, LABEL, ShardJob, index_of

START_SECONDS = 300.0
"""Until a shard runs: its image may have to be pulled."""
NO_POD_SECONDS = 60.0
_WINDOW_SECONDS = 5.0
_SLACK_SECONDS = 60.0
_SILENT_SECONDS = 1.0
_SILENT = "the API server did not answer any more"
_LOG_SECONDS = 3600
_LOG_LINES = 5


@dataclass(frozen=True)
class ShardEnd:
    """What became of a shard.

    Attributes:
        number: of the shard, from 1.
        folder: of its report; None when there is none.
        why: there is none, as a clause.
        log: the last lines that it wrote, when there is none.
        about_image: the node did not get the image.
    """

    number: int
    folder: Path | None
    why: str = ""
    log: tuple[str, ...] = ()
    about_image: bool = False


class LeaseLostError(InfrastructureError):
    """The cluster's Lease became another's while the shards ran."""


class Shards:
    """The shards of one Job."""

    def __init__(
        self, cluster: Cluster, job: ShardJob, secret: str, folder: Path, held: Callable[[], bool]
    ) -> None:
        """Prepare.

        Args:
            cluster: where.
            job: that was created a moment ago.
            secret: of the run.
            folder: that gets a folder for each report.
            held: says whether the cluster's Lease is still the caller's.
        """
        self._cluster, self._job, self._secret, self._folder = cluster, job, secret, folder
        self._held = held
        self._began = working_time.now()
        self._seen: dict[int, str] = {}
        self._started: set[int] = set()
        self._left = set(range(job.shards))

    def ends(self, progress: Progress) -> Iterator[ShardEnd]:
        """Yield what becomes of each shard, as it comes.

        Raises:
            LeaseLostError: the cluster is another's.
            ApiError: the API server refused to say how they are.
        """
        while self._left:
            if not self._held():
                raise LeaseLostError(
                    "the Lease of the cluster became another's while the shards ran",
                    next_step="look who else works with the cluster: chaos-harness status",
                )
            pods = self._look()
            if pods is None and not self._is_over():
                working_time.sleep(_SILENT_SECONDS)
                continue
            if pods is None:
                yield from (ShardEnd(self._job.first + each, None, _SILENT) for each in sorted(self._left))
                return
            for index in sorted(self._left):
                if (end := self._end(index, pods.get(index), progress)) is not None:
                    self._left.discard(index)
                    yield end

    def _look(self) -> dict[int, Object] | None:
        """Return the pods by index, once something is to be done about one; None without an answer."""
        try:
            found = self._cluster.until_all(
                "Pod",
                HARNESS_NAMESPACE,
                lambda pods: self._is_news(self._own(pods)),
                _WINDOW_SECONDS,
                label_selector=f"job={self._job.name}",
            )
        except WaitTimeoutError as late:
            found = late.last
        except UnreachableError:
            return None
        return self._own(found)

    def _own(self, pods: Sequence[Object]) -> dict[int, Object]:
        """Return the first pod of each index; another one of the same would be a new run."""
        found = {}
        for pod in pods:
            index = index_of(pod)
            if index in self._left and self._seen.setdefault(index, _uid(pod)) == _uid(pod):
                found[index] = pod
        return found

    def _is_news(self, pods: dict[int, Object]) -> bool:
        gone = self._seen.keys() & self._left - pods.keys()
        new = {index for index, pod in pods.items() if endings.has_started(pod)} - self._started
        return bool(gone or new) or any(
            endings.is_ready(pod) or endings.why_ended(pod) for pod in pods.values()
        )

    def _end(self, index: int, pod: Object | None, progress: Progress) -> ShardEnd | None:
        number = self._job.first + index
        if pod is None:
            why = self._why_not_there(index)
            return ShardEnd(number, None, why) if why else None
        if endings.has_started(pod) and index not in self._started:
            self._started.add(index)
            progress.say(f"shard {number} runs in the pod {_name(pod)}")
        if endings.is_ready(pod):
            return self._fetched(number, pod)
        why = endings.why_ended(pod) or self._why_too_late(pod)
        if not why:
            return None
        return ShardEnd(number, None, why, self._log(pod), endings.is_about_image(pod))

    def _fetched(self, number: int, pod: Object) -> ShardEnd:
        folder = self._folder / str(number)
        try:
            reports.fetch(self._cluster, _name(pod), self._secret, folder)
        except HarnessError as error:
            return ShardEnd(number, None, error.problem, self._log(pod))
        return ShardEnd(number, folder)

    def _why_not_there(self, index: int) -> str:
        if index in self._seen:
            return "its pod was deleted"
        if self._age() > NO_POD_SECONDS:
            return ": ".join(filter(None, ["no pod was created for it", self._event()]))
        return ""

    def _why_too_late(self, pod: Object) -> str:
        if not endings.has_started(pod) and self._age() > START_SECONDS:
            why = endings.why_not_started(pod)
            return f"it did not start within {START_SECONDS:.0f} s{f': {why}' if why else ''}"
        if self._is_over():
            return f"it did not end within {self._job.seconds} s"
        return ""

    def _is_over(self) -> bool:
        return self._age() > self._job.seconds + GRACE_SECONDS + _SLACK_SECONDS

    def _age(self) -> float:
        return working_time.now() - self._began

    def _event(self) -> str:
        """Return why the Job got no pod, as far as its events say it."""
        with contextlib.suppress(HarnessError):
            for event in reversed(self._cluster.list("Event", HARNESS_NAMESPACE)):
                if event.get("involvedObject", {}).get("name") == self._job.name:
                    return str(event.get("message", ""))
        return ""

    def _log(self, pod: Object) -> tuple[str, ...]:
        with contextlib.suppress(HarnessError):
            text = self._cluster.logs(HARNESS_NAMESPACE, _name(pod), CONTAINER, seconds=_LOG_SECONDS)
            return tuple(text.strip().splitlines()[-_LOG_LINES:])
        return ()


def remove(cluster: Cluster, selector: str = LABEL, progress: Progress | None = None) -> list[str]:
    """Remove what runs in the cluster have left, and wait until their shards have cleaned up.

    Returns:
        What was removed, by kind and name.

    Args:
        cluster: where.
        selector: of labels; by default all of them.
        progress: where it is announced that shards are waited for.

    Raises:
        WaitTimeoutError: a pod does not go.
        ApiError: the API server did not answer, or refused.
    """
    removed = []
    for kind in ("Job", "ConfigMap"):
        for found in cluster.list(kind, HARNESS_NAMESPACE, selector):
            name = _name(found)
            cluster.delete(kind, name, HARNESS_NAMESPACE, uid=_uid(found))
            removed.append(f"{kind} {name}")
    if progress is not None and cluster.list("Pod", HARNESS_NAMESPACE, selector):
        progress.say("waiting until the shards have cleaned up")
    bound = GRACE_SECONDS + _SLACK_SECONDS
    cluster.until_all("Pod", HARNESS_NAMESPACE, lambda pods: not pods, bound, label_selector=selector)
    return removed


def _name(found: Object) -> str:
    return str(found["metadata"]["name"])


def _uid(found: Object) -> str:
    return str(found["metadata"]["uid"])
