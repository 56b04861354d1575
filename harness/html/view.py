"""A scenario as the page shows it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from harness.base.errors import HarnessError
from harness.chaos.catalogue.catalogue import Catalogue
from harness.html.bands import Band, chaos_kinds
from harness.html.plot import plot
from harness.html.timeline import Timeline, timeline
from harness.html.visibility import Delay, delays
from harness.judge.control import Controlled, Outcome
from harness.judge.finding import Finding, Verdict
from harness.recording.reader import read
from harness.runner.result import ScenarioResult, StepProblem

_CLAIMS = {
    Outcome.VACUOUS: "it holds although no chaos was applied, and no rule excuses that",
    Outcome.UNDECIDED: "whether it holds without the chaos could not be told",
}


@dataclass(frozen=True)
class Wrong:
    """One thing that was wrong in a scenario: a finding, a problem of a step, or what a control run says."""

    step: int
    title: str
    finding: Finding | None = None
    problem: StepProblem | None = None
    claim: Controlled | None = None

    @property
    def subject(self) -> str:
        """What it is about."""
        if self.finding:
            return self.finding.metric or self.finding.promql
        if self.claim:
            return self.claim.claim
        return self.problem.kind if self.problem else ""

    @property
    def reason(self) -> str:
        """Why it is wrong, in one sentence."""
        if self.finding:
            return self.finding.reason
        if self.claim:
            return _CLAIMS[self.claim.outcome]
        return self.problem.reason if self.problem else ""

    @property
    def verdict(self) -> Verdict:
        """Of the finding; a step that did not come about is a failure, and so is a claim that is vacuous."""
        if self.claim and self.claim.outcome is Outcome.UNDECIDED:
            return Verdict.ERROR
        return self.finding.verdict if self.finding else Verdict.FAIL


@dataclass
class ScenarioView:
    """A scenario, and what its recording adds to its result.

    Attributes:
        anchor: its id in the page.
        kinds: of the chaos in it.
        components: whose metrics it looks at.
        svg: its timeline; None without a recording.
        unplotted: why there is no timeline.
        place: the folder of the recording, relative to the report.
        diagnostics: the index of what was kept at the moment of a failure, relative to the report.
        told: what the timeline shows, in a sentence.
    """

    result: ScenarioResult
    anchor: str
    kinds: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    svg: Markup | None = None
    unplotted: str | None = None
    place: str | None = None
    diagnostics: str | None = None
    told: str = ""
    note: str | None = None
    delays: list[Delay] = field(default_factory=list)

    @property
    def wrong(self) -> list[Wrong]:
        """What decided against it, in the order in which it happened."""
        found = []
        for number, step in enumerate(self.result.steps):
            if step.problem:
                found.append(Wrong(number, step.title, problem=step.problem))
            found += [
                Wrong(number, step.title, finding=finding)
                for finding in step.findings
                if finding.level == "must" and finding.verdict in (Verdict.FAIL, Verdict.ERROR)
            ]
        found += [
            Wrong(claim.step, self.result.steps[claim.step].title, claim=claim)
            for claim in self.result.control or []
            if claim.outcome in _CLAIMS
        ]
        return found

    @property
    def known_issues(self) -> list[str]:
        """The ids of the known issues that it showed."""
        return sorted({finding.known_issue for finding in self.result.findings() if finding.known_issue})

    @property
    def words(self) -> str:
        """What the text filter looks in."""
        result = self.result
        metrics = sorted({finding.metric for finding in result.findings()})
        names = [result.name, result.about, result.file, *result.tags, *self.kinds]
        return " ".join([*names, *metrics, *self.known_issues]).lower()


def views(results: Iterable[ScenarioResult], folder: Path, known: Catalogue) -> list[ScenarioView]:
    """Return the scenarios of a run as the page shows them.

    Args:
        results: of the scenarios.
        folder: of the report, which the paths of recordings are relative to.
        known: the metrics.
    """
    taken: set[str] = set()
    return [_view(result, _anchor(result.name, taken), folder, known) for result in results]


def _view(result: ScenarioResult, anchor: str, folder: Path, known: Catalogue) -> ScenarioView:
    view = ScenarioView(result, anchor)
    metrics = [known.find(finding.metric) for finding in result.findings() if finding.metric]
    view.components = sorted({component for metric in metrics if metric for component in metric.components})
    if result.diagnostics is not None:
        view.diagnostics = os.path.relpath(folder / result.diagnostics, folder)
    if result.recording is None:
        view.unplotted = "nothing was recorded"
        return view
    view.place = os.path.relpath(folder / result.recording, folder)
    try:
        recording, cut = read(folder / result.recording)
    except HarnessError as error:
        view.unplotted = f"the recording cannot be read: {error}"
        return view
    view.note = str(cut) if cut else None
    view.kinds = chaos_kinds(recording)
    view.delays = [*delays(result, recording, known)]
    shown = timeline(result, recording, known)
    if shown is None:
        view.unplotted = "no step began"
        return view
    view.told = _told(shown)
    view.svg = plot(shown, f"{anchor}-", f"Timeline of {result.name}")
    return view


def _told(shown: Timeline) -> str:
    """Return what a timeline shows, for who cannot see it; the numbers are in the table of expectations."""
    zero = shown.steps[0].began
    steps = "; ".join(
        f"step {step.number}, {step.title}, {step.began - zero:.1f} to {step.ended - zero:.1f} s"
        for step in shown.steps
    )
    chaos = "; ".join(_band_told(band, zero) for band in shown.bands)
    left_out = f" {shown.panels_left_out} more metrics are not drawn." if shown.panels_left_out else ""
    return f"Steps: {steps}. Chaos: {chaos or 'none'}.{left_out}"


def _band_told(band: Band, zero: float) -> str:
    spans = ", ".join(f"{began - zero:.2f} to {ended - zero:.2f} s" for began, ended in band.injected)
    return f"{band.kind} {band.name}, injected {spans or 'never'}"


def _anchor(name: str, taken: set[str]) -> str:
    base = "s-" + (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "scenario")
    anchor, number = base, 2
    while anchor in taken:
        anchor, number = f"{base}-{number}", number + 1
    taken.add(anchor)
    return anchor
