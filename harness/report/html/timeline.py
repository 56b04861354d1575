"""What the plot of a scenario shows, as plain data: steps, chaos, and a panel for each subject."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.base.words import nth_step
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.judge.finding import Finding, Verdict
from harness.judge.matching import Matchers
from harness.recording.labels import TARGET_LABELS
from harness.recording.model import Expected, Reading, Recording
from harness.recording.series import Series, TargetKey
from harness.report.html.bands import Band, bands
from harness.results.scenario import ScenarioResult
from harness.scenario.model import Expectation

MOST_LINES = 6
"""Series of one panel; those that change come first."""
MOST_PANELS = 12
_RELATIVE = frozenset({"increases_by", "unchanged"})

Points = list[tuple[float, float]]
"""(time, value); NaN where a scrape did not have the series."""


@dataclass(frozen=True)
class Line:
    """A series, or what an oracle said: its label, and its points in time order."""

    label: str
    points: Points
    oracle: bool = False


@dataclass(frozen=True)
class Tick:
    """One scrape: whether the target answered, and whether it had any series of the panel."""

    time: float
    up: bool
    present: bool


@dataclass(frozen=True)
class Window:
    """An expectation: from when it was looked at, when it was decided, until when it could have been.

    Attributes:
        deadline: when the judge would have given up; None when that is not known.
    """

    began: float
    decided: float
    deadline: float | None
    verdict: Verdict
    step: int
    kind: str
    text: str


@dataclass
class TimelinePanel:
    """One metric or expression.

    Attributes:
        growth: the values are growth since the first sample, as the expectations are about that.
        left_out: series that there was no room for.
    """

    subject: str
    growth: bool = False
    lines: list[Line] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    left_out: int = 0

    @property
    def valued(self) -> str:
        """What the values are of; growth is of nothing that has a name."""
        return "" if self.growth else self.subject

    @property
    def bad(self) -> bool:
        """Whether an expectation of it did not pass."""
        return any(window.verdict is not Verdict.PASS for window in self.windows)


@dataclass(frozen=True)
class StepSpan:
    """One step: index, title and its times, seconds since the epoch."""

    index: int
    title: str
    began: float
    settled: float | None
    ended: float


@dataclass(frozen=True)
class Timeline:
    """All that the plot of a scenario shows; times are seconds since the epoch.

    Attributes:
        panels_left_out: subjects that there was no room for.
    """

    began: float
    ended: float
    steps: list[StepSpan]
    bands: list[Band]
    panels: list[TimelinePanel]
    panels_left_out: int = 0


def timeline(result: ScenarioResult, recording: Recording, known: Catalogue) -> Timeline | None:
    """Return what there is to plot of a scenario; None when not even a step began."""
    if not recording.marks:
        return None
    ended = max(
        [mark.time for mark in recording.marks]
        + [series.newest for _, series in recording.targets() if series.newest is not None]
    )
    steps = _steps(recording, [step.title for step in result.steps], ended)
    findings = {finding.id: finding for finding in result.findings()}
    subjects: dict[str, list[tuple[Expected, Finding]]] = {}
    for expected in recording.expected:
        if finding := findings.get(expected.id):
            subject = finding.metric or str(expected.spec.get("promql") or finding.promql)
            subjects.setdefault(subject, []).append((expected, finding))
    began = steps[0].began - recording.manifest.interval
    panels = [_panel(subject, told, recording, known, began) for subject, told in subjects.items()]
    panels.sort(key=lambda panel: not panel.bad)
    return Timeline(
        began,
        ended,
        steps,
        bands(recording, ended),
        panels[:MOST_PANELS],
        max(len(panels) - MOST_PANELS, 0),
    )


def _steps(recording: Recording, titles: Sequence[str], end: float) -> list[StepSpan]:
    """Return the steps that began; the results have the titles as they were when each did."""
    found = []
    for number, recorded in enumerate(recording.manifest.steps):
        title = titles[number] if number < len(titles) else recorded
        started = recording.mark(number, "started")
        if started is None:
            continue
        settled, ended = recording.mark(number, "settled"), recording.mark(number, "ended")
        found.append(
            StepSpan(
                number,
                title,
                started.time,
                settled.time if settled else None,
                ended.time if ended else end,
            )
        )
    return found


def _panel(
    subject: str,
    told: Sequence[tuple[Expected, Finding]],
    recording: Recording,
    known: Catalogue,
    began: float,
) -> TimelinePanel:
    metric = known.find(subject)
    kinds = {finding.kind for _, finding in told}
    panel = TimelinePanel(subject, growth=bool(kinds & _RELATIVE) and bool(metric and metric.counts(subject)))
    panel.windows = [window for expected, finding in told if (window := _window(finding, recording))]
    if any(finding.metric for _, finding in told):
        matchers = [
            (Matchers(Expectation.model_validate(expected.spec).where), frozenset(expected.jobs))
            for expected, _ in told
        ]
        series = [
            each
            for each in recording.by_name.get(subject, [])
            if any(each.target[0] in jobs and matcher.match(each.labels) for matcher, jobs in matchers)
        ]
        targets = {
            target: up
            for target, up in recording.targets()
            if any(target[0] in jobs and matcher.match_target(up.labels) for matcher, jobs in matchers)
        }
        _add_series(panel, series, targets, began)
    else:
        _add_answers(panel, subject, recording, began)
    _add_readings(panel, [finding for _, finding in told], recording)
    return panel


def _window(finding: Finding, recording: Recording) -> Window | None:
    settled = recording.mark(finding.step, "settled")
    acknowledged = recording.mark(finding.step, "acknowledged")
    ended = recording.mark(finding.step, "ended")
    began = settled or acknowledged
    if began is None:
        return None
    decided = None
    if acknowledged is not None and finding.seconds is not None:
        decided = acknowledged.time + finding.seconds
    elif ended is not None:
        decided = ended.time
    # A `wait` step counts what was scraped since it started.
    decided = began.time if decided is None else decided
    deadline = finding.evidence.get("deadline")
    text = f"{nth_step(finding.step)}: {finding.kind}: {finding.verdict.value}; expected {finding.expected}"
    return Window(
        min(began.time, decided),
        decided,
        float(deadline) if isinstance(deadline, int | float) else None,
        finding.verdict,
        finding.step,
        finding.kind,
        text,
    )


def _add_series(
    panel: TimelinePanel, series: list[Series], targets: dict[TargetKey, Series], began: float
) -> None:
    shown = sorted(series, key=lambda each: len(set(each.values)) < 2)[:MOST_LINES]
    panel.left_out = len(series) - len(shown)
    labels = distinguishing([each.own_labels for each in shown])
    for each, label in zip(shown, labels, strict=True):
        scrapes = targets[each.target].times if each.target in targets else each.times
        scrapes = [time for time in scrapes if time >= began]
        points = _with_gaps(each, scrapes)
        if panel.growth:
            # What was not there yet counts from 0, as the judge does.
            base = (each.at(scrapes[0]) if scrapes else None) or 0.0
            points = [(time, value - base) for time, value in points]
        panel.lines.append(Line(label, points))
    having: dict[TargetKey, set[float]] = {}
    for each in series:
        having.setdefault(each.target, set()).update(each.times)
    for target, up in targets.items():
        panel.ticks += [
            Tick(time, value == 1, time in having.get(target, ()))
            for time, value in zip(up.times, up.values, strict=True)
            if time >= began
        ]


def _with_gaps(series: Series, scrapes: Iterable[float]) -> Points:
    """Return the samples, and NaN at scrapes that did not have the series; nothing before the first."""
    points: Points = []
    for time in scrapes:
        value = series.at(time)
        if value is not None:
            points.append((time, value))
        elif points and not math.isnan(points[-1][1]):
            points.append((time, math.nan))
    return points


def _add_answers(panel: TimelinePanel, expression: str, recording: Recording, began: float) -> None:
    by_labels: dict[tuple[tuple[str, str], ...], Points] = {}
    answers = [each for time, each in sorted(recording.answers.get(expression, {}).items()) if time >= began]
    for answer in answers:
        panel.ticks.append(Tick(answer.time, answer.error is None, bool(answer.vector)))
        for point in answer.vector or []:
            by_labels.setdefault(tuple(sorted(point.labels.items())), []).append((answer.time, point.value))
    shown = list(by_labels.items())[:MOST_LINES]
    panel.left_out = len(by_labels) - len(shown)
    labels = distinguishing([dict(labels) for labels, _ in shown])
    panel.lines += [Line(label, points) for (_, points), label in zip(shown, labels, strict=True)]


def _add_readings(panel: TimelinePanel, findings: list[Finding], recording: Recording) -> None:
    asked = {
        (str(each["oracle"]), str(each["key"])): None
        for finding in findings
        for each in finding.evidence.get("readings", [])
    }
    for oracle in asked:
        readings = recording.readings.get(oracle, [])
        lines = _said(readings)
        room = max(MOST_LINES - len(panel.lines), 1)
        labels = distinguishing([dict(key) for key in lines])
        for (_, points), label in list(zip(lines.items(), labels, strict=True))[:room]:
            panel.lines.append(Line(f"oracle {oracle[0]} {label}".rstrip(), points, oracle=True))


def _said(readings: list[Reading]) -> dict[tuple[tuple[str, str], ...], Points]:
    """Return what an oracle said by label set; what it does not list any more ends there."""
    lines: dict[tuple[tuple[str, str], ...], Points] = {}
    for reading in readings:
        if reading.vector is None:
            continue
        said = {tuple(sorted(point.labels.items())): point.value for point in reading.vector}
        for key in {**lines, **said}:
            points = lines.setdefault(key, [])
            if key in said:
                points.append((reading.ended, said[key]))
            elif points and not math.isnan(points[-1][1]):
                points.append((reading.ended, math.nan))
    return lines


def distinguishing(label_sets: Sequence[dict[str, str]]) -> list[str]:
    """Return for each label set the values that tell it from the others, or of one all that say something.

    A target's own labels come in only when nothing else differs.
    """
    names = sorted({name for labels in label_sets for name in labels})
    own = [name for name in names if name not in TARGET_LABELS and name != "namespace"]
    if len(label_sets) == 1:
        return [", ".join(label_sets[0][name] for name in own if name in label_sets[0])]
    differing = [name for name in own if len({labels.get(name) for labels in label_sets}) > 1]
    if len({tuple(labels.get(name) for name in differing) for labels in label_sets}) < len(label_sets):
        differing += [
            name
            for name in (*TARGET_LABELS, "namespace")
            if len({labels.get(name) for labels in label_sets}) > 1
        ]
    return [", ".join(labels.get(name, "-") for name in differing) for labels in label_sets]
