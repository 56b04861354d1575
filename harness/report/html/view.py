"""A scenario as the page shows it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from harness.base.bounded import MIB, size_text
from harness.base.errors import HarnessError
from harness.base.words import nth_step
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.judge.finding import Finding, Verdict
from harness.judge.wording import subject
from harness.recording.model import Recording
from harness.recording.reader import RecordingReader, Truncated, whole
from harness.report import evidence_shape
from harness.report.causes import causes
from harness.report.html.bands import Band, chaos_kinds
from harness.report.html.plot import plot
from harness.report.html.svg import Drawing
from harness.report.html.timeline import Timeline, timeline
from harness.report.html.visibility import VisibilityDelay, delays
from harness.report.view import WORST_FIRST, ReportEntry, entries, known_issues, wrong
from harness.results.scenario import ScenarioResult, StepResult

MOST_IN_FULL = 400
"""Scenarios that a page shows with all that is known of them, the worst first; of others it has one line."""
MOST_TIMELINES = 150
"""Scenarios whose recordings are read for a page, the worst first: each takes a tenth of a second or more."""
MOST_RECORDING_BYTES = 64 * MIB
"""Decompressed entries of one recording that is drawn; a longer one is left to `chaos-harness replay`."""
_MOST_READ_BYTES = 512 * MIB
"""Of all recordings together."""
MOST_IN_ROW = 2
"""Series of an expectation that are shown in the table of all."""
MOST_EXPECTATIONS = 1000
"""Of one scenario that a page shows: in the table of all, and of each kind that is shown by itself."""
_DRAWN = ("deadline", "readings")
"""What a timeline takes from the evidence of a finding; all of it is shown only of what did not pass."""


class PageRecordings:
    """Keeps of the scenarios of a run what a page shows, as they are read."""

    def __init__(self) -> None:
        self._seen = 0
        self._wrong = 0

    def __call__(self, result: ScenarioResult) -> ScenarioResult:
        """Return a scenario without the evidence that nobody is shown.

        Raises:
            pydantic.ValidationError: its evidence cannot be shown.
        """
        self._seen += 1
        self._wrong += result.verdict not in (Verdict.PASS, Verdict.SKIPPED)
        for step in result.steps:
            step.findings = [self._finding(finding) for finding in step.findings]
        return result

    def _finding(self, finding: Finding) -> Finding:
        evidence_shape.check(finding)
        if finding.verdict is not Verdict.PASS and self._wrong <= MOST_IN_FULL:
            return finding
        drawn = finding.evidence if self._seen <= MOST_IN_FULL else {}
        evidence = {name: drawn[name] for name in _DRAWN if name in drawn}
        # One more than is shown, so that the page knows that there are more.
        actual = finding.actual[: MOST_IN_ROW + 1] if self._seen <= MOST_IN_FULL else []
        return finding.model_copy(update={"evidence": evidence, "actual": actual, "explanation": []})


@dataclass
class ScenarioView:
    """A scenario, and what its recording adds to its result.

    Attributes:
        anchor: its id in the page.
        kinds: of the chaos in it.
        components: whose metrics it looks at.
        drawing: its timeline; None without a recording.
        unplotted: why there is no timeline.
        place: the folder of the recording, relative to the report.
        diagnostics: the folder of what was kept at the moment of a failure, relative to the report; None when
            it is not there.
        told: what the timeline shows, in a sentence.
        in_full: whether the page has more of it than one line.
        unread: its recording was not read, so that nothing is known of its chaos.
        causes: why it is wrong, in the words of the first scenario with the same cause.
    """

    result: ScenarioResult
    anchor: str
    kinds: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    drawing: Drawing | None = None
    unplotted: str | None = None
    place: str | None = None
    diagnostics: str | None = None
    told: str = ""
    note: str | None = None
    in_full: bool = True
    unread: bool = False
    delays: list[VisibilityDelay] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)

    @property
    def rows_left(self) -> int:
        """Rows that the table of all leaves out."""
        return max(sum(max(len(step.findings), 1) for step in self.result.steps) - MOST_EXPECTATIONS, 0)

    @property
    def rows(self) -> list[tuple[int, StepResult, list[Finding]]]:
        """The steps that the table of all shows, counted from 1, and what of their expectations."""
        found, room = [], MOST_EXPECTATIONS
        for number, step in enumerate(self.result.steps, start=1):
            if room <= 0:
                break
            found.append((number, step, step.findings[:room]))
            room -= max(len(step.findings), 1)
        return found

    @property
    def wrong(self) -> list[ReportEntry]:
        """What decided against it, in the order in which it happened."""
        return list(islice(wrong(self.result), MOST_EXPECTATIONS))

    @property
    def noted(self) -> list[ReportEntry]:
        """Findings that decide nothing and did not pass: known issues, and what should hold."""
        found = (each for each in entries(self.result) if each.finding and not each.wrong)
        return list(islice(found, MOST_EXPECTATIONS))

    @property
    def metrics(self) -> list[str]:
        """The metrics and expressions that it looks at."""
        return sorted({subject(finding) for finding in self.result.findings()})

    @property
    def layers(self) -> list[str]:
        """The layers of what did not pass."""
        return sorted({finding.layer for finding in self.result.findings() if finding.layer})

    @property
    def source_lines(self) -> list[tuple[int, str, str]]:
        """The lines of the scenario file: number, text, and the worst verdict of what stands there."""
        marked: dict[int, Verdict] = {}
        for entry in entries(self.result):
            if entry.at and entry.at.file == self.result.places.get("", entry.at).file:
                worst = marked.get(entry.at.line, Verdict.PASS)
                marked[entry.at.line] = min(worst, entry.verdict, key=WORST_FIRST.index)
        return [
            (number, line, marked[number].value if number in marked else "")
            for number, line in enumerate(self.result.source.splitlines(), start=1)
        ]

    @property
    def left(self) -> bool:
        """Whether it left something behind that was seen; of the rest nobody knows."""
        return any(not each.infrastructure for each in self.result.leftovers)

    @property
    def known_issues(self) -> list[str]:
        """The ids of the known issues that it showed."""
        return known_issues(self.result)

    @property
    def words(self) -> str:
        """What the text filter looks in."""
        result = self.result
        metrics = sorted({finding.metric for finding in result.findings()})
        names = [result.name, result.about, result.file, *result.tags, *self.kinds]
        return " ".join([*names, *metrics, *self.known_issues]).lower()


def views(results: Iterable[ScenarioResult], folder: Path, known: Catalogue) -> list[ScenarioView]:
    """Return the scenarios of a run as the page shows them, the worst first.

    Args:
        results: of the scenarios.
        folder: of the report, which the paths of recordings are relative to.
        known: the metrics.
    """
    taken: dict[str, int] = {}
    made = [ScenarioView(result, anchor_of(result.name, taken)) for result in results]
    made.sort(key=lambda view: WORST_FIRST.index(view.result.verdict))
    drawing = _Drawing(folder, known)
    for number, view in enumerate(made):
        view.in_full = number < MOST_IN_FULL
        _describe(view, folder, known)
        drawing.draw(view)
    _name_causes(made)
    return made


def _name_causes(made: list[ScenarioView]) -> None:
    """Give each scenario what is wrong with it, the same words to the same cause."""
    reasons = [
        (view.anchor, reason)
        for view in made
        for reason in dict.fromkeys([view.result.reason or "", *(each.reason for each in view.wrong)])
        if reason
    ]
    of = {view.anchor: view for view in made}
    for cause in causes(reasons):
        for anchor in dict.fromkeys(cause.names):
            of[anchor].causes.append(cause.reason)


def _describe(view: ScenarioView, folder: Path, known: Catalogue) -> None:
    """Fill in what the result alone tells."""
    result = view.result
    metrics = [known.find(finding.metric) for finding in result.findings() if finding.metric]
    view.components = sorted({component for metric in metrics if metric for component in metric.components})
    # A report may have been copied without it.
    if result.diagnostics is not None and (folder / result.diagnostics / "index.txt").is_file():
        view.diagnostics = os.path.relpath(folder / result.diagnostics, folder)
    if result.recording is not None:
        view.place = os.path.relpath(folder / result.recording, folder)


class _Drawing:
    """Adds what recordings tell, as long as that is not too much."""

    def __init__(self, folder: Path, known: Catalogue) -> None:
        self._folder = folder
        self._known = known
        self._drawn = 0
        self._left = _MOST_READ_BYTES

    def draw(self, view: ScenarioView) -> None:
        """Read a scenario's recording and draw it, or say why not."""
        recorded = view.result.recording
        if recorded is None:
            view.unplotted = "nothing was recorded"
            return
        view.unread = True
        if self._drawn == MOST_TIMELINES:
            view.unplotted = f"a page draws {MOST_TIMELINES} scenarios, the worst first"
            return
        if self._left <= 0:
            view.unplotted = f"a page draws {size_text(_MOST_READ_BYTES)} of recordings, the worst first"
            return
        most = min(MOST_RECORDING_BYTES, self._left)
        reader = None
        try:
            reader = RecordingReader(self._folder / recorded, most=most, inside=self._folder)
            self._drawn += 1
            recording, cut = whole(reader)
        except HarnessError as error:
            view.unplotted = f"the recording cannot be read: {error}"
            return
        finally:
            self._left -= reader.size if reader else 0
        view.unread = False
        self._add(view, recording, cut)

    def _add(self, view: ScenarioView, recording: Recording, cut: Truncated | None) -> None:
        view.note = str(cut) if cut else None
        view.kinds = chaos_kinds(recording)
        view.delays = [*delays(view.result, recording, self._known)]
        shown = timeline(view.result, recording, self._known)
        if shown is None:
            view.unplotted = "no step began"
            return
        view.told = _told(shown)
        view.drawing = plot(shown, f"Timeline of {view.result.name}")


def _told(shown: Timeline) -> str:
    """Return what a timeline shows, for who cannot see it; the numbers are in the table of expectations."""
    zero = shown.steps[0].began
    steps = "; ".join(
        f"{nth_step(step.index)}, {step.title}, {step.began - zero:.1f} to {step.ended - zero:.1f} s"
        for step in shown.steps
    )
    chaos = "; ".join(_band_told(band, zero) for band in shown.bands)
    left_out = f" {shown.panels_left_out} more metrics are not drawn." if shown.panels_left_out else ""
    return f"Steps: {steps}. Chaos: {chaos or 'none'}.{left_out}"


def _band_told(band: Band, zero: float) -> str:
    spans = ", ".join(f"{began - zero:.2f} to {ended - zero:.2f} s" for began, ended in band.injected)
    return f"{band.kind} {band.name}, injected {spans or 'never'}"


def anchor_of(name: str, taken: dict[str, int]) -> str:
    """Return an anchor of its own; `taken` holds for each that there is the number to go on from."""
    base = "s-" + (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "scenario")
    anchor = base
    while anchor in taken:
        taken[base] += 1
        anchor = f"{base}-{taken[base]}"
    taken[anchor] = 1
    return anchor
