"""Fetches every new raw sample of everything that a scenario watches."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from harness.base.errors import InfrastructureError
from harness.chaosmesh.daemons import DAEMON
from harness.judge.sweep import GONE_AFTER_INTERVALS, KNOWN_AFTER_INTERVALS
from harness.prometheus.matcher import Matcher
from harness.prometheus.prometheus import (
    MalformedAnswerError,
    Prometheus,
    PrometheusUnreachableError,
    RawSeries,
)
from harness.prometheus.promql import any_of, one_of
from harness.recording.labels import WORKLOAD_JOB
from harness.recording.model import SCRAPE_DURATION, UP, Labels, Note, Recording, labels_of
from harness.recording.notes import FETCH_FAILED, NATIVE_HISTOGRAMS
from harness.recording.overload import Stretch
from harness.recording.series import TargetKey
from harness.runner.clock import Clock
from harness.runner.recorder import Recorder

_LOST_AFTER_SECONDS = 5.0
_SLOW_SECONDS = 2.0
"""An answer takes some hundredths of a second."""
_GONE_AFTER_SCRAPES = 5
_LEAST_WAIT_SECONDS = 0.02
_COMMIT_SECONDS = 0.01


class PrometheusLostError(InfrastructureError):
    """Prometheus stopped answering while a scenario ran."""


@dataclass
class Watch:
    """What to fetch.

    Attributes:
        narrow: metrics of which only series without a `namespace` label, or with one of
            `namespaces`, are wanted. Host-network pods alone have thousands of iptables series.
        wide: metrics of which all series are wanted.
        namespaces: see `narrow`.
        jobs: the `job` labels of the targets whose scrapes count.
        own_namespace: workload targets of other namespaces are left out.
        left_out: nodes whose chaos-daemon does not count.
    """

    own_namespace: str
    narrow: set[str] = field(default_factory=set)
    wide: set[str] = field(default_factory=set)
    namespaces: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    left_out: frozenset[str] = frozenset()

    def extend(self, other: Watch) -> bool:
        """Fetch what another watch does, too; return whether that is more than before."""
        wide = other.wide - self.wide
        narrow = other.narrow - self.narrow - self.wide - wide
        jobs, namespaces = other.jobs - self.jobs, other.namespaces - self.namespaces
        self.wide |= wide
        self.narrow = (self.narrow | narrow) - self.wide
        self.jobs |= jobs
        self.namespaces |= namespaces
        return bool(wide or narrow or jobs or namespaces)

    def selectors(self) -> list[str]:
        """Return the selectors to fetch: one, and another when something is wanted whole."""
        # The empty alternative matches series that have no such label.
        own = Matcher(matches="|" + one_of(sorted(self.namespaces)))
        found = [any_of(self.narrow | {UP, SCRAPE_DURATION}, {"namespace": own})]
        return [*found, any_of(self.wide)] if self.wide else found

    def wants(self, labels: dict[str, str]) -> bool:
        """Say whether a series' target is one that counts for this scenario."""
        job = labels.get("job", "")
        if job == WORKLOAD_JOB:
            return labels.get("instance", "").startswith(f"{self.own_namespace}/")
        return job in self.jobs and not (job == DAEMON and labels.get("node") in self.left_out)


class Sampler:
    """Fetches samples into a recorder, as often as there can be new ones."""

    def __init__(
        self, prometheus: Prometheus, watch: Watch, recorder: Recorder, clock: Clock, interval: float
    ) -> None:
        self._prometheus = prometheus
        self._watch = watch
        self._recorder = recorder
        self._clock = clock
        self._interval = interval
        self._began = clock.now()
        self._fetched = self._began
        self._failing_since: float | None = None
        self._histograms: dict[Labels, float] = {}

    @property
    def recording(self) -> Recording:
        """The recording that the samples go to."""
        return self._recorder.recording

    def fetch(self) -> int:
        """Fetch all samples that are new; return their number.

        A failed fetch is noted, and made up for by the next: the range reaches back to the last
        one that succeeded.

        Raises:
            PrometheusLostError: every fetch of more than 5 s failed. Time in which nobody fetched, as while a
                phase is waited for, does not count.
        """
        began, working = self._clock.now(), self._clock.working()
        seconds = began - self._fetched + 4 * self._interval + 1
        try:
            # All answers before any is recorded: an `up` without the metrics of its scrape would make
            # them absent. The selector with `up` comes first, so that the others are never older.
            answers = [self._prometheus.raw(selector, seconds) for selector in self._watch.selectors()]
        except (PrometheusUnreachableError, MalformedAnswerError) as error:
            self._recorder.add(
                Note(
                    time=began,
                    text=f"fetching samples failed: {error}",
                    detail={FETCH_FAILED: "; ".join([str(error), *error.details[:1]])},
                )
            )
            if self._failing_since is None:
                self._failing_since = working
            if working - self._failing_since > _LOST_AFTER_SECONDS:
                raise PrometheusLostError(
                    f"Prometheus has not answered for {working - self._failing_since:.0f} s",
                    next_step="look at its pod: chaos-harness status; nothing was judged without it",
                    details=[str(error)],
                ) from error
            self._clock.sleep(self._interval / 4)
            return 0
        self._fetched, self._failing_since = began, None
        took = self._clock.working() - working
        if took >= _SLOW_SECONDS:
            self._recorder.add(Stretch("prometheus", began, self._clock.now(), took).note())
        oldest = self._began - 2 * self._interval
        wanted = [each for answer in answers for each in answer if self._watch.wants(each.labels)]
        # Before the samples of the same scrapes: without it these series would be absent.
        self._note_histograms(wanted, oldest, began)
        return self._recorder.add_samples(
            [
                (each.labels, new)
                for each in wanted
                if (new := [(time, value) for time, value in each.samples if time >= oldest])
            ]
        )

    def _note_histograms(self, wanted: list[RawSeries], oldest: float, now: float) -> None:
        """Record which of the new samples are native histograms, that is, no numbers."""
        found = []
        for each in wanted:
            key = labels_of(each.labels)
            newest = self._histograms.get(key, oldest)
            if times := [time for time in each.histograms if time > newest]:
                self._histograms[key] = times[-1]
                found.append({"labels": each.labels, "times": times})
        if found:
            names = sorted({str(each["labels"]["__name__"]) for each in found})  # type: ignore[index]
            self._recorder.add(
                Note(
                    time=now,
                    text=f"native histograms, which are no numbers: {', '.join(names)}",
                    detail={NATIVE_HISTOGRAMS: found},
                )
            )

    def pause(self) -> None:
        """Wait until the next scrape of any target is due to be complete.

        Prometheus scrapes each target at a fixed phase of the interval, so the time of the next
        sample is known from the last one; asking earlier costs a query and brings nothing.
        """
        now = self._clock.now()
        due = now + self._interval
        for target, series in self.recording.targets():
            last = series.newest
            if last is not None and now - last < 2 * self._interval:
                spent = self.recording.scrape_duration(target, last)
                due = min(due, last + self._interval + spent + _COMMIT_SECONDS)
        self._clock.sleep(min(max(due - now, _LEAST_WAIT_SECONDS), self._interval))

    def scrapes_since(self, since: float, *, successful: bool = True) -> dict[TargetKey, int]:
        """Return for each target how many scrapes began after `since`; failed ones too, if asked."""
        return {
            target: sum(1 for _, up in series.between(since, math.inf) if up == 1 or not successful)
            for target, series in self.recording.targets()
        }

    def instances_at(self, job: str, now: float) -> set[str]:
        """Return the instances of a job that the judge does not take for gone (harness/judge/sweep.py)."""
        last = {key[1]: series.times[-1] for key, series in self.recording.targets() if key[0] == job}
        newest = max(last.values(), default=now)
        if newest < now - GONE_AFTER_INTERVALS * self._interval:
            # The job has no target any more, and so nothing newer than its last scrape.
            newest = now
        oldest = newest - (GONE_AFTER_INTERVALS + KNOWN_AFTER_INTERVALS) * self._interval
        return {instance for instance, time in last.items() if time >= oldest}

    def targets_at(self, now: float) -> set[TargetKey]:
        """Return the targets that are still scraped, successfully or not: not those of pods that went."""
        oldest = now - _GONE_AFTER_SCRAPES * self._interval
        return {
            target
            for target, series in self.recording.targets()
            if series.newest is not None and series.newest > oldest
        }
