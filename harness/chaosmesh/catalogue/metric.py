"""What is known about one metric."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from harness.chaosmesh.catalogue.twin import Twin
from harness.chaosmesh.release import Release, ReleaseBound

_HISTOGRAM = {"_bucket": ("le",), "_sum": (), "_count": ()}
_SUMMARY = {"": ("quantile",), "_sum": (), "_count": ()}


class MetricType(StrEnum):
    """The type that the exposition declares; `unknown` for families of which only the prefix is known."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    UNKNOWN = "unknown"


class MetricStatus(StrEnum):
    """Whether a metric can be seen.

    `never-written`: registered, but no code writes it; without labels it is always 0, with labels it
    never has a series. `promised-absent`: in a proposal, a checklist or the code, and never exposed.
    `renamed`: exposed by older versions under this name.
    """

    LIVE = "live"
    NEVER_WRITTEN = "never-written"
    PROMISED_ABSENT = "promised-absent"
    RENAMED = "renamed"


class Appears(StrEnum):
    """When the first series of a live metric is there.

    `always`: as soon as its component answers, whatever was done before. `touched`: once something of
    `touched_by` happened. `rarely`: only after something that no scenario can be asked to bring about.
    """

    ALWAYS = "always"
    TOUCHED = "touched"
    RARELY = "rarely"


class Produced(StrEnum):
    """How a live metric comes about, and so how soon a scrape has to show what has become true.

    `at_scrape`: read at each scrape from what is there: processes, the tables of the kernel, a database.
    `from_cache`: counted at each scrape in the informer cache, which a watch of the API server fills.
    `at_event`: counted once the API server has accepted an event. `at_call`: counted when a call or a
    request has ended. `at_reconcile`: written by the controllers and their queues as they work.
    """

    AT_SCRAPE = "at_scrape"
    FROM_CACHE = "from_cache"
    AT_EVENT = "at_event"
    AT_CALL = "at_call"
    AT_RECONCILE = "at_reconcile"

    @property
    def scrapes(self) -> int:
        """Within how many scrapes a scrape has to show what has become true."""
        return _SCRAPES[self]


_SCRAPES = {
    Produced.AT_SCRAPE: 2,
    Produced.FROM_CACHE: 2,
    Produced.AT_EVENT: 2,
    Produced.AT_CALL: 2,
    Produced.AT_RECONCILE: 3,
}


OPERATIONS = ("every-chaos", "requests", "restart")
"""What besides a kind (`NetworkChaos`, `PodChaos/pod-kill`) can touch a metric: any of the chaos kinds,
requests to the component's own port, a restart of the component."""


class LabelValue(BaseModel):
    """A value of a label that not all releases have.

    Attributes:
        value: the value.
        since: the first release that has it.
        until: the last one, if it is gone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str
    since: ReleaseBound | None = None
    until: ReleaseBound | None = None


class EarlierShape(BaseModel):
    """What a metric was like up to a release; what is not given was as it is now.

    Attributes:
        until: the last release of which this is true.
        source: where it is so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    until: ReleaseBound
    source: str
    type: MetricType | None = None
    help: str | None = None
    components: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    buckets: tuple[float, ...] | None = None
    appears: Appears | None = None


class Metric(BaseModel):
    """One metric, or with `prefix` all metrics whose names begin like that.

    Attributes:
        name: the exposed name; of a histogram, without `_bucket`, `_sum`, `_count`.
        type: see MetricType.
        help: the HELP text of the exposition.
        help_of: component to the HELP text of the older library that it is linked with.
        unit: of the value: seconds, bytes, experiments, ...
        components: values of the `job` label of the targets that have it.
        labels: its own label names; those of the target (job, instance, node) come on top.
        values: label name to all values that it can take, for labels with a closed set. In the file a value
            that not all releases have is a mapping, see LabelValue; here are those of the newest.
        some_releases: label name to these values.
        examples: label name to values that it is known to take, for labels with an open set.
        labels_known: False when `labels` is not the whole truth.
        buckets: upper bounds of a histogram's buckets, without +Inf; None when they are not known, empty when
            it is a native histogram only.
        prefix: `name` is a prefix.
        exposed: False for what Prometheus itself writes about a target.
        status: see Status.
        since: first release with this name.
        until: last release with this name, if it is gone.
        earlier: what it was like before, the oldest first.
        renamed_to: the names that replaced it.
        source: file and line of its definition at v2.8.3, or module and version.
        grows: a gauge by type whose series only grow, until they go.
        least: the least value that a series has: what counts something may have no series in place of 0.
        oracle: the oracle that tells its true value.
        appears: see Appears.
        produced: see Produced; None where it is not known.
        touched_by: what makes it appear, change or go: kinds, `Kind/action`, or one of OPERATIONS.
        programs: those that make it change when they are run on a node.
        needs: capabilities of the environment without which no scenario can make it appear.
        twins: what it could plausibly count instead; see Twin.
        note: what one has to know to read it right.
        rule: a recording rule writes it, so no scrape has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: MetricType
    help: str = ""
    help_of: dict[str, str] = {}
    unit: str
    components: tuple[str, ...]
    labels: tuple[str, ...] = ()
    values: dict[str, tuple[str, ...]] = {}
    some_releases: dict[str, tuple[LabelValue, ...]] = {}
    examples: dict[str, tuple[str, ...]] = {}
    labels_known: bool = True
    buckets: tuple[float, ...] | None = None
    prefix: bool = False
    exposed: bool = True
    status: MetricStatus = MetricStatus.LIVE
    since: ReleaseBound | None = None
    until: ReleaseBound | None = None
    earlier: tuple[EarlierShape, ...] = ()
    renamed_to: tuple[str, ...] = ()
    source: str
    grows: bool = False
    least: float | None = None
    oracle: str | None = None
    appears: Appears = Appears.TOUCHED
    produced: Produced | None = None
    touched_by: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    twins: tuple[Twin, ...] = ()
    note: str | None = None
    rule: bool = False

    @model_validator(mode="before")
    @classmethod
    def _values_by_release(cls, raw: Any) -> Any:
        """Take the values that not all releases have out of `values`; those that are not gone stay, too."""
        if not isinstance(raw, dict) or not isinstance(raw.get("values"), dict):
            return raw
        values: dict[str, Any] = {}
        some: dict[str, Any] = dict(raw.get("some_releases", {}))
        for label, each in raw["values"].items():
            stated = [value if isinstance(value, str) else LabelValue.model_validate(value) for value in each]
            if found := [value for value in stated if isinstance(value, LabelValue)]:
                some[label] = found
            values[label] = [
                value if isinstance(value, str) else value.value
                for value in stated
                if isinstance(value, str) or value.until is None
            ]
        return {**raw, "values": values, "some_releases": some}

    @model_validator(mode="after")
    def _consistent(self) -> Metric:
        for label in {*self.values, *self.examples} - set(self.labels):
            raise ValueError(f"{self.name}: values of {label!r}, which is none of its labels")
        if (self.status is MetricStatus.RENAMED) != bool(self.renamed_to):
            raise ValueError(f"{self.name}: renamed_to goes with the status `renamed`, and only with it")
        if self.buckets is not None and self.type is not MetricType.HISTOGRAM:
            raise ValueError(f"{self.name}: only a histogram has buckets")
        if list(self.buckets or ()) != sorted(set(self.buckets or ())):
            raise ValueError(f"{self.name}: the buckets are not in ascending order")
        ends = [Release.of(shape.until) for shape in self.earlier]
        if any(
            not later.newer_than(shape.until) for shape, later in zip(self.earlier, ends[1:], strict=False)
        ):
            raise ValueError(f"{self.name}: the shapes of earlier releases are not in their order")
        if self.grows and self.type is not MetricType.GAUGE:
            raise ValueError(f"{self.name}: `grows` is said of gauges only")
        names = [twin.name for twin in self.twins]
        if len(names) != len(set(names)):
            raise ValueError(f"{self.name}: two of its twins have one name")
        if unknown := {twin.suffix for twin in self.twins} - set(self._suffixes()) - {""}:
            raise ValueError(f"{self.name}: a twin of {sorted(unknown)[0]!r}, which it has no series of")
        return self

    def status_in(self, release: Release) -> MetricStatus | None:
        """Return what it is in a release of Chaos Mesh; None when it is not known there under this name."""
        if self.since is not None and release.older_than(self.since):
            return None
        if self.until is not None and not release.newer_than(self.until):
            return MetricStatus.LIVE
        return self.status

    def in_release(self, release: Release) -> Metric:
        """Return it with the shape and the values that it has in a release."""
        changed: dict[str, Any] = {}
        if shape := next((each for each in self.earlier if not release.newer_than(each.until)), None):
            changed |= {name: getattr(shape, name) for name in shape.model_fields_set - {"until", "source"}}
        labels = changed.get("labels", self.labels)
        values = {label: self._values_in(label, release) for label in self.values if label in labels}
        if values != self.values:
            changed["values"] = values
        if not changed:
            return self
        changed["examples"] = {label: each for label, each in self.examples.items() if label in labels}
        return self.model_copy(update=changed)

    def lacks(self, label: str, value: str, release: Release) -> LabelValue | None:
        """Return the value of a label when it is one that a release does not have; None otherwise."""
        some = (each for each in self.some_releases.get(label, ()) if each.value == value)
        return next((each for each in some if not release.within(each.since, each.until)), None)

    def _values_in(self, label: str, release: Release) -> tuple[str, ...]:
        there = (value for value in self.values[label] if self.lacks(label, value, release) is None)
        gone = (each for each in self.some_releases.get(label, ()) if each.until is not None)
        return (*there, *(each.value for each in gone if release.within(each.since, each.until)))

    def help_at(self, component: str) -> str:
        """Return the HELP text that a component exposes; empty when it is not known."""
        return self.help_of.get(component, self.help)

    def is_counter(self, series_name: str) -> bool | None:
        """Say whether one of its series is a counter by its exposed type; None when that is not known."""
        if self.type is MetricType.UNKNOWN:
            return None
        return self.type is MetricType.COUNTER or series_name.removeprefix(self.name) != ""

    def counts(self, series_name: str) -> bool | None:
        """Say whether one of its series only grows, whatever its type; None when that is not known."""
        return True if self.grows else self.is_counter(series_name)

    def twin(self, name: str) -> Twin | None:
        """Return its twin of that name; None without one."""
        return next((each for each in self.twins if each.name == name), None)

    @property
    def series_names(self) -> tuple[str, ...]:
        """The names of its samples: of a histogram x these are x_bucket, x_sum and x_count."""
        return tuple(self.name + suffix for suffix in self._suffixes())

    def labels_of(self, series_name: str) -> tuple[str, ...]:
        """Return the label names of one of its series: those of the metric, and `le` or `quantile`."""
        return (*self.labels, *self._suffixes().get(series_name.removeprefix(self.name), ()))

    def _suffixes(self) -> dict[str, tuple[str, ...]]:
        match self.type:
            case MetricType.HISTOGRAM:
                return _HISTOGRAM
            case MetricType.SUMMARY:
                return _SUMMARY
        return {"": ()}
