"""The model of a recording: entries as they are written, and the index that the judge reads.

All times are seconds since the epoch on Prometheus' clock: the harness' own clock is corrected by the
measured offset before anything is recorded.
"""

from __future__ import annotations

import copy
import json
from bisect import insort
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from typing_extensions import TypedDict

from harness.recording.durations import Durations
from harness.recording.index import LabelIndex
from harness.recording.notes import NATIVE_HISTOGRAMS
from harness.recording.series import Layout, Series, TargetKey
from harness.recording.stack import Stack

FORMAT = 2
"""The version of the recording's format; raised with every change that an old reader would misread."""

Labels = tuple[tuple[str, str], ...]
"""A label set with `__name__`, sorted by label name."""

SPARES = "spares"
"""In the detail of a step's mark `started`: the ids of the watched expectations of earlier steps that neither
the step nor anything that is on its way since before can change."""

UP = "up"
SCRAPE_DURATION = "scrape_duration_seconds"


def labels_of(mapping: dict[str, str]) -> Labels:
    """Return a mapping of labels as a sorted tuple."""
    return tuple(sorted(mapping.items()))


Time = Annotated[float, Field(ge=-1e11, le=1e11, allow_inf_nan=False)]
"""Seconds, within three thousand years of the epoch: differences and counts of scrapes stay numbers."""


class Entry(BaseModel):
    """One line of a recording."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings")


class Point(Entry):
    """One element of a vector: a label set (without `__name__`) and its value."""

    labels: dict[str, str] = {}
    value: float


class Mark(Entry):
    """Something that the harness did or saw finished.

    Steps: `started` (before the action), `acknowledged` (by the API server), `settled` (phase
    reached, effect proven), `ended` (all expectations decided).
    """

    type: Literal["mark"] = "mark"
    time: Time
    step: int
    name: Literal["started", "acknowledged", "settled", "ended"]
    detail: dict[str, Any] = {}


class SeriesDefinition(Entry):
    """Gives a series a number, once, before its first samples."""

    type: Literal["series"] = "series"
    number: int
    labels: dict[str, str]


class LayoutDefinition(Entry):
    """Gives a number to series that are scraped together, once, before their first samples."""

    type: Literal["layout"] = "layout"
    number: int
    series: list[int] = Field(min_length=1)


class Samples(Entry):
    """New raw samples of one scrape of one target.

    Attributes:
        layout: which series.
        time: of the scrape, seconds.
        values: one for each series of the layout, in its order.
    """

    type: Literal["samples"] = "samples"
    layout: int
    time: Time
    values: list[float]


class Reading(Entry):
    """An oracle's answer, with the times before and after it was taken.

    Attributes:
        oracle: the oracle's name.
        key: its parameters in canonical form (`reading_key`).
        vector: the answer; None when it could not be had.
        error: why not.
    """

    type: Literal["reading"] = "reading"
    oracle: str
    key: str
    began: Time
    ended: Time
    vector: list[Point] | None
    error: str | None = None


class Promptness(Entry):
    """How soon a scrape has to show what has become true, as it was when the expectation was recorded.

    Attributes:
        produced: how the metric comes about, by the catalogue; "" where that is not known.
        scrapes: within so many scrapes.
        oracle: what tells when it became true, where the expectation compares with no oracle itself; "" when
            nothing does, and the time counts from when the step settled.
        key: its parameters in canonical form.
    """

    produced: str = ""
    scrapes: int = Field(ge=1)
    oracle: str = ""
    key: str = ""


class Expected(Entry):
    """An expectation of a step with all templates resolved, as the judge gets it.

    Attributes:
        id: "<step>.<position>", both from 0.
        step: index of the step.
        spec: an `Expectation` as a plain mapping.
        jobs: the `job` labels whose scrapes decide it.
        promptness: see Promptness; None in recordings from before there was any.
        watched: it is about a gauge that stays as it is until something changes it: what was right when the
            step ended has to be right until a step starts that does not spare it (SPARES of its `started`).
    """

    type: Literal["expected"] = "expected"
    id: str
    step: int
    spec: dict[str, Any]
    jobs: list[str]
    promptness: Promptness | None = None
    watched: bool = False


class KubernetesEvent(Entry):
    """A core/v1 Event of the scenario's namespaces."""

    type: Literal["event"] = "event"
    time: Time
    namespace: str
    kind: str
    object: str
    component: str
    event_type: str
    reason: str
    message: str


class Answer(Entry):
    """What Prometheus answered to an expression, evaluated at the time of a scrape that counts.

    Attributes:
        expression: PromQL, templates resolved.
        time: the evaluation time; all scrapes up to it had been recorded when it was asked.
        asked: when it was asked.
        result_type: vector, scalar, matrix, string; "" when it was refused.
        vector: the elements that are numbers; None when it was refused or is no vector.
        histograms: how many elements are native histograms, which are no numbers.
        warnings: Prometheus' own.
        infos: Prometheus' own.
        error_type: Prometheus' own, such as bad_data; "" when it was not refused.
        error: why it was refused.
    """

    type: Literal["answer"] = "answer"
    expression: str
    time: Time
    asked: Time
    result_type: str = ""
    vector: list[Point] | None = None
    histograms: int = 0
    warnings: list[str] = []
    infos: list[str] = []
    error_type: str = ""
    error: str | None = None


class Exposition(Entry):
    """A look at what a target itself exposes of one metric, between two of Prometheus' scrapes.

    Attributes:
        began, ended: when it was asked and answered.
        job, instance: the target.
        metric: the name of the series.
        metric_type: what its TYPE line says; "" without one.
        samples: its samples, with the labels as exposed, duplicates included; None when there was no answer.
        left_out: how many more there were of those that an expectation selects.
        error: why not.
        help: what its HELP line says; "" without one.
        others: samples of the metric that the expectation does not select, the nearest first.
        near: names that the target exposes and that may be the metric's own under another name.
        selector: of the series that were looked for, as PromQL; "" in older recordings.
    """

    type: Literal["exposition"] = "exposition"
    began: Time
    ended: Time
    job: str
    instance: str
    metric: str
    metric_type: str = ""
    samples: list[Point] | None = None
    left_out: int = 0
    error: str | None = None
    help: str = ""
    others: list[Point] = []
    near: list[str] = []
    selector: str = ""


class Note(Entry):
    """A thing worth knowing when reading the recording: a failed fetch, an answer of the workload."""

    type: Literal["note"] = "note"
    time: Time
    text: str
    detail: dict[str, Any] = {}


AnyEntry = Annotated[
    Mark
    | SeriesDefinition
    | LayoutDefinition
    | Samples
    | Reading
    | Answer
    | Exposition
    | Expected
    | KubernetesEvent
    | Note,
    Field(discriminator="type"),
]


class Manifest(Entry):
    """What a recording was made of; its own file beside the entries.

    Attributes:
        interval: the scrape interval, seconds.
        clock_offset: Prometheus' clock minus the harness', seconds.
        clock_uncertainty: half the round trip of that measurement, seconds.
        stack: versions, images, substitutes, nodes, capabilities.
        steps: a title for each step.
        file: the scenario's file as given.
        control: the chaos was left out (docs/verdicts.md, "Control"): what does not hold is as it should be.
        lost_scrapes: by so many scrapes of targets that were down the deadline is put off; older recordings
            do not say it.
    """

    format: int = FORMAT
    scenario: str
    file: str
    namespace: str
    interval: float = Field(ge=0.001, le=86400, allow_inf_nan=False)
    clock_offset: Time
    clock_uncertainty: Time
    steps: list[str]
    stack: dict[str, Any] = {}
    control: bool = False
    lost_scrapes: int = Field(default=10, ge=0, le=1000)

    @field_validator("stack")
    @classmethod
    def _can_be_read(cls, value: dict[str, Any]) -> dict[str, Any]:
        Stack.model_validate(value)
        return value


class _Histogram(TypedDict):
    labels: dict[str, str]
    times: list[float]


_HISTOGRAMS: TypeAdapter[list[_Histogram]] = TypeAdapter(list[_Histogram])


class InconsistentRecordingError(ValueError):
    """An entry does not fit those before it."""


class Recording:
    """A recording so far, indexed. Entries are only ever added.

    The samples are in `series` and `by_name`, each a `Series`: a view of its column of the scrapes. To judge
    something else than what was recorded, make the series (`Series.of`) and take a view that has them in
    place of a metric's own: `recording.with_series({"up": [...]})`.

    Attributes:
        readings: of each oracle with the same parameters, by the time at which they ended.
        series: by label set.
        by_name: those of each metric, in the order of their definition.
        durations: of the scrapes.
        native_histograms: of the notes that list samples which are no numbers.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.marks: list[Mark] = []
        self.expected: list[Expected] = []
        self.readings: dict[tuple[str, str], list[Reading]] = {}
        self.answers: dict[str, dict[float, Answer]] = {}
        """By expression and evaluation time; the first one counts."""
        self.expositions: list[Exposition] = []
        self.events: list[KubernetesEvent] = []
        self.notes: list[Note] = []
        self.native_histograms: list[dict[str, Any]] = []
        self._series: dict[Labels, Series] | None = {}
        self.by_name: dict[str, list[Series]] = {}
        self._numbered: dict[int, Series] = {}
        self._layouts: dict[int, Layout] = {}
        self._marks: dict[tuple[int, str], Mark] = {}
        self._seen: dict[tuple[int, str], dict[TargetKey, float]] = {}
        self.durations = Durations()
        self._indexes: dict[str, LabelIndex] = {}
        self._expected: dict[int, list[Expected]] = {}

    @property
    def series(self) -> dict[Labels, Series]:
        """The series by label set; not to be changed."""
        if self._series is None:
            every = (series for found in self.by_name.values() for series in found)
            self._series = {labels_of(series.labels): series for series in every}
        return self._series

    def add(self, entry: AnyEntry) -> None:
        """Add one entry.

        Raises:
            InconsistentRecordingError: samples, or a layout, of what was not defined before.
        """
        match entry:
            case Mark():
                self._seen[(entry.step, entry.name)] = dict(self._last_scrapes())
                self._marks.setdefault((entry.step, entry.name), entry)
                self.marks.append(entry)
            case SeriesDefinition():
                self._define(entry)
            case LayoutDefinition():
                self._define_layout(entry)
            case Samples():
                self._add_samples(entry)
            case Reading():
                insort(
                    self.readings.setdefault((entry.oracle, entry.key), []),
                    entry,
                    key=lambda each: each.ended,
                )
            case Answer():
                self.answers.setdefault(entry.expression, {}).setdefault(entry.time, entry)
            case Exposition():
                self.expositions.append(entry)
            case Expected():
                self.expected.append(entry)
                self._expected.setdefault(entry.step, []).append(entry)
            case KubernetesEvent():
                self.events.append(entry)
            case Note():
                self.notes.append(entry)
                self._add_histograms(entry.detail.get(NATIVE_HISTOGRAMS, []))

    def mark(self, step: int, name: str) -> Mark | None:
        """Return a step's mark of that name, or None when it was not made yet."""
        return self._marks.get((step, name))

    def seen_at(self, step: int, name: str) -> dict[TargetKey, float]:
        """Return, for a mark, the newest scrape of each target that was recorded before it.

        By order of recording, not by time: what one step has judged is what the next one starts
        from, so that no increase falls between two steps.
        """
        return self._seen.get((step, name), {})

    def targets(self) -> Iterator[tuple[TargetKey, Series]]:
        """Yield each target with its `up` series: its times are the target's scrapes."""
        for series in self.by_name.get(UP, []):
            yield series.target, series

    def scrape_duration(self, target: TargetKey, time: float) -> float:
        """Return how long (seconds) the target's scrape at `time` took; 0 when not recorded."""
        return self.durations.at(target, time) or 0.0

    def expected_of(self, step: int) -> list[Expected]:
        """Return the expectations of a step, in the order in which they were recorded."""
        return self._expected.get(step, [])

    def index(self, metric: str) -> LabelIndex:
        """Return the series of a metric by their labels' values; it grows with the recording.

        Raises:
            KeyError: there is no series of the metric.
        """
        if metric not in self._indexes:
            self._indexes[metric] = LabelIndex(self.by_name[metric])
        return self._indexes[metric]

    def with_series(self, replaced: Mapping[str, Sequence[Series]]) -> Recording:
        """Return a view of the recording as it is now, with other series of some metrics.

        All else is shared with this recording; nothing can be added to a view.

        Args:
            replaced: all series of each metric whose own are not to be seen.
        """
        view = copy.copy(self)
        view.by_name = {**self.by_name, **{name: list(series) for name, series in replaced.items()}}
        view._series = None
        if SCRAPE_DURATION in replaced:
            view.durations = Durations(replaced[SCRAPE_DURATION])
        view._indexes = {}
        return view

    def _add_histograms(self, found: Any) -> None:
        try:
            _HISTOGRAMS.validate_python(found)
        except ValidationError as error:
            raise InconsistentRecordingError(f"a note lists no {NATIVE_HISTOGRAMS}") from error
        self.native_histograms += found

    def _define(self, entry: SeriesDefinition) -> None:
        labels = labels_of(entry.labels)
        if labels in self.series or entry.number in self._numbered:
            raise InconsistentRecordingError(f"series {entry.number} is defined twice")
        series = self._numbered[entry.number] = self.series[labels] = Series(entry.labels)
        name = entry.labels.get("__name__", "")
        self.by_name.setdefault(name, []).append(series)
        if name == SCRAPE_DURATION:
            self.durations.add(series)

    def _define_layout(self, entry: LayoutDefinition) -> None:
        if entry.number in self._layouts:
            raise InconsistentRecordingError(f"layout {entry.number} is defined twice")
        if unknown := [number for number in entry.series if number not in self._numbered]:
            raise InconsistentRecordingError(
                f"layout {entry.number} names series {unknown[0]}, which was not defined before"
            )
        if len(set(entry.series)) < len(entry.series):
            raise InconsistentRecordingError(f"layout {entry.number} names a series twice")
        self._layouts[entry.number] = Layout([self._numbered[number] for number in entry.series])

    def _add_samples(self, entry: Samples) -> None:
        layout = self._layouts.get(entry.layout)
        if layout is None:
            raise InconsistentRecordingError(
                f"samples of layout {entry.layout}, which was not defined before"
            )
        if len(entry.values) != len(layout.series):
            raise InconsistentRecordingError(
                f"{len(entry.values)} values of a layout of {len(layout.series)} series"
            )
        layout.add(entry.time, entry.values)

    def _last_scrapes(self) -> Iterator[tuple[TargetKey, float]]:
        for target, series in self.targets():
            if series.newest is not None:
                yield target, series.newest


def reading_key(parameters: dict[str, Any]) -> str:
    """Return an oracle's resolved parameters in a canonical form."""
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"), default=str)
