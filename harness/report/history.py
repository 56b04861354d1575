"""How verdicts and times to visibility went over several runs and releases."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from harness.base.errors import UsageError
from harness.chaosmesh.release import RELEASE
from harness.judge.finding import Finding, Verdict
from harness.judge.wording import subject
from harness.report import evidence_shape
from harness.report.view import WORST_FIRST
from harness.results.reading import read
from harness.results.results import RESULTS, Results, Summary
from harness.results.scenario import ScenarioResult
from harness.results.visibility import seconds_of

MOST_RUNS = 200
"""Runs of one page."""
_HINT = "name the report folders of runs"
_UNKNOWN = "unknown release"


class Steadiness(StrEnum):
    """Where verdicts differ, if they do."""

    SAME = "the same in all runs"
    BETWEEN = "changed between releases"
    WITHIN = "differs within a release"


@dataclass(frozen=True)
class PastRun:
    """One of the runs.

    Attributes:
        folder: of its report.
        id: see Run.
        started: ISO 8601, UTC.
        release: the release of Chaos Mesh that it tried.
        build: what tells it from another build of the same release.
    """

    folder: Path
    id: str
    started: str
    release: str
    build: str
    summary: Summary

    @property
    def name(self) -> str:
        """What tells it from the others, for people."""
        return f"run {self.id}, {self.release}"


class TrendPoint(NamedTuple):
    """What one run says: a verdict, and the median seconds to visibility; None where it says nothing."""

    verdict: Verdict | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Trend:
    """A scenario or a metric over all runs.

    Attributes:
        about: "scenario" or "metric".
        name: of the scenario; of the metric, or the expression.
        points: one for each run.
        steadiness: see Steadiness.
    """

    about: str
    name: str
    points: list[TrendPoint]
    steadiness: Steadiness

    @property
    def latest(self) -> int:
        """The index of the last run that has a verdict."""
        return max(index for index, point in enumerate(self.points) if point.verdict is not None)

    @property
    def verdict(self) -> Verdict:
        """The verdict of that run."""
        verdict = self.points[self.latest].verdict
        assert verdict is not None
        return verdict

    @property
    def seconds(self) -> float | None:
        """The last time to visibility that is known."""
        return next((point.seconds for point in reversed(self.points) if point.seconds is not None), None)


@dataclass(frozen=True)
class History:
    """Several runs, the earliest first, and what each scenario and each metric came to in them."""

    runs: list[PastRun]
    trends: list[Trend]

    @property
    def releases(self) -> list[str]:
        """The releases of the runs, each once, in their order."""
        return list(dict.fromkeys(run.release for run in self.runs))


def history(folders: Iterable[Path]) -> History:
    """Read several runs. One that is named twice, by its own folder or by that of a copy, counts once.

    Args:
        folders: of their reports, in any order.

    Raises:
        UsageError: one is no report folder, there are none, or too many.
    """
    read_: dict[str, tuple[PastRun, dict[tuple[str, str], TrendPoint]]] = {}
    for folder in folders:
        run, points = _read(folder)
        read_.setdefault(run.id, (run, points))
        if len(read_) > MOST_RUNS:
            raise UsageError(f"a page shows {MOST_RUNS} runs at most", next_step="name fewer of them")
    if not read_:
        raise UsageError("no run is named", next_step=_HINT)
    in_order = sorted(read_.values(), key=lambda each: each[0].started)
    runs = [run for run, _ in in_order]
    subjects = sorted({each for _, points in in_order for each in points})
    trends = [
        _trend(about, name, runs, [points.get((about, name), TrendPoint()) for _, points in in_order])
        for about, name in subjects
    ]
    trends.sort(key=lambda each: (WORST_FIRST.index(each.verdict), each.steadiness is Steadiness.SAME))
    return History(runs, trends)


def _trend(about: str, name: str, runs: Sequence[PastRun], points: list[TrendPoint]) -> Trend:
    by_build: dict[str, set[Verdict]] = {}
    for run, point in zip(runs, points, strict=True):
        # What could not be tried says nothing about Chaos Mesh.
        if point.verdict is not None and point.verdict is not Verdict.SKIPPED:
            by_build.setdefault(run.build, set()).add(point.verdict)
    if any(len(seen) > 1 for seen in by_build.values()):
        steadiness = Steadiness.WITHIN
    elif len(set().union(*by_build.values())) > 1:
        steadiness = Steadiness.BETWEEN
    else:
        steadiness = Steadiness.SAME
    return Trend(about, name, points, steadiness)


def _read(folder: Path) -> tuple[PastRun, dict[tuple[str, str], TrendPoint]]:
    results = read(folder / RESULTS, next_step=_HINT, keep=_without_texts)
    stack = results.run.stack or {}
    versions = stack.get("versions") or {}
    release = versions.get(RELEASE) or versions.get("chaos-mesh") or _UNKNOWN
    run = PastRun(
        folder=folder,
        id=results.run.id,
        started=results.run.started,
        release=release,
        build=f"{release} {versions.get('chaos-mesh')}",
        summary=results.summary,
    )
    return run, _points(results)


def _without_texts(result: ScenarioResult) -> ScenarioResult:
    for step in result.steps:
        for finding in step.findings:
            evidence_shape.check(finding)
        step.findings = [_bare(finding) for finding in step.findings]
    return result.model_copy(update={"source": "", "manifests": {}, "details": [], "control": None})


def _bare(finding: Finding) -> Finding:
    evidence = {name: each for name, each in finding.evidence.items() if name == "visibility"}
    return finding.model_copy(update={"evidence": evidence, "actual": [], "explanation": []})


def _points(results: Results) -> dict[tuple[str, str], TrendPoint]:
    """Return what a run says of each scenario, and of each metric that a scenario must be right about."""
    points = {}
    by_metric: dict[str, list[Finding]] = {}
    for each in results.scenarios:
        points["scenario", each.name] = _point([each.verdict], each.findings())
        for finding in each.findings():
            if finding.level == "must":
                by_metric.setdefault(subject(finding), []).append(finding)
    for name, findings in by_metric.items():
        points["metric", name] = _point([finding.verdict for finding in findings], findings)
    return points


def _point(verdicts: Iterable[Verdict], findings: Iterable[Finding]) -> TrendPoint:
    seconds = [each for finding in findings if (each := seconds_of(finding)) is not None]
    seconds = [each for each in seconds if math.isfinite(each)]
    worst = min(verdicts, key=WORST_FIRST.index)
    return TrendPoint(worst, statistics.median(seconds) if seconds else None)
