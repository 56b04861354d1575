"""What reports say of a run and of its scenarios: terminal, JUnit, GitHub, Markdown and page show this."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.base.words import nth_step
from harness.judge import wording
from harness.judge.control import Controlled, ControlOutcome
from harness.judge.finding import Finding, Verdict
from harness.report.causes import Cause, causes
from harness.results.places import SourceLine
from harness.results.results import Results
from harness.results.scenario import ScenarioResult, StepProblem

WORST_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.KNOWN_ISSUE, Verdict.SKIPPED, Verdict.PASS)

_CLAIMS = {
    ControlOutcome.VACUOUS: "it holds although no chaos was applied, and no rule exempts it",
    ControlOutcome.UNDECIDED: "whether it holds without the chaos could not be told",
}


@dataclass(frozen=True)
class ReportEntry:
    """One thing to report of a scenario: a finding, a problem of a step, or a claim of a control run.

    Attributes:
        step, title: index and title of the step.
        at: where in the scenario file it stands; None of a result that does not say.
    """

    step: int
    title: str
    finding: Finding | None = None
    problem: StepProblem | None = None
    claim: Controlled | None = None
    at: SourceLine | None = None

    @property
    def place(self) -> str:
        """Where it is, the first step being 1: "step 1 (apply burn)"."""
        return f"{nth_step(self.step)} ({self.title})"

    @property
    def subject(self) -> str:
        """What it is about."""
        if self.finding:
            return wording.subject(self.finding)
        if self.claim:
            return self.claim.claim
        return self.problem.kind if self.problem else ""

    @property
    def reason(self) -> str:
        """Why it came out so, in one sentence."""
        if self.claim:
            return _CLAIMS[self.claim.outcome]
        about = self.finding or self.problem
        return wording.with_clock(about.reason) if about else ""

    @property
    def verdict(self) -> Verdict:
        """Of the finding; a step that failed is a failure, and so is a claim that is vacuous."""
        if self.claim and self.claim.outcome is ControlOutcome.UNDECIDED:
            return Verdict.ERROR
        return self.finding.verdict if self.finding else Verdict.FAIL

    @property
    def head(self) -> str:
        """How it came out, and what it is about."""
        if self.finding:
            return wording.head(self.finding)
        return f"{self.claim.outcome.value}: {self.claim.claim}" if self.claim else self.subject

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        return self.problem.sentence if self.problem else f"{self.head}: {self.reason}"

    @property
    def first_line(self) -> str:
        """What every report says of it first: `FILE:LINE METRIC{labels}: expected 2, got 1 [product]`."""
        told = wording.gist(self.finding) if self.finding else f"{self.place}: {self.head}: {self.reason}"
        return _line(self.at, told)

    @property
    def adds_reason(self) -> bool:
        """Whether the reason says more than the first line does: such as where in time it was seen."""
        return not self.first_line.endswith(self.reason) and self.reason not in self.first_line

    @property
    def promql(self) -> str:
        """An expression to paste into Prometheus; "" without one."""
        about = self.finding or self.claim
        return (about.promql or "") if about else ""

    @property
    def wrong(self) -> bool:
        """Whether it decides against the scenario: no known issue, and no expectation of level should."""
        must = self.finding is None or self.finding.level == "must"
        return must and self.verdict in (Verdict.FAIL, Verdict.ERROR)


def entries(result: ScenarioResult) -> list[ReportEntry]:
    """Return all that is to be reported of a scenario, in its order; what passed is not."""
    found = []
    for number, step in enumerate(result.steps):
        at = result.places.get(str(number))
        if step.problem:
            found.append(ReportEntry(number, step.title, problem=step.problem, at=at))
        found += [
            ReportEntry(number, step.title, finding=finding, at=result.places.get(finding.id, at))
            for finding in step.findings
            if finding.verdict is not Verdict.PASS
        ]
    found += [
        ReportEntry(
            claim.step, result.steps[claim.step].title, claim=claim, at=result.places.get(str(claim.step))
        )
        for claim in result.control or []
        if claim.outcome in _CLAIMS and 0 <= claim.step < len(result.steps)
    ]
    return found


def wrong(result: ScenarioResult) -> list[ReportEntry]:
    """Return what decided against a scenario."""
    return [each for each in entries(result) if each.wrong]


def first_lines(result: ScenarioResult) -> list[str]:
    """Return the first line of each thing that decided against a scenario; of its own reason last."""
    lines = [each.first_line for each in wrong(result)]
    if result.reason and result.verdict in (Verdict.FAIL, Verdict.ERROR):
        lines.append(_line(result.places.get(""), f"{result.name}: {result.reason}"))
    return lines


def first_place(result: ScenarioResult) -> SourceLine:
    """Return where what decided against a scenario stands, the first of it; else the scenario itself."""
    places = [each.at for each in wrong(result) if each.at]
    return next(iter(places), result.places.get("", SourceLine(file=result.file, line=1)))


def _line(at: SourceLine | None, told: str) -> str:
    line = " ".join(told.split())
    return f"{at} {line}" if at else line


def unmet(result: ScenarioResult) -> list[ReportEntry]:
    """Return what should hold and did not, or was not decided; it decides nothing."""
    return [each for each in entries(result) if each.finding and each.finding.level == "should"]


def known_issues(result: ScenarioResult) -> list[str]:
    """Return the ids of the known issues that a scenario showed."""
    return sorted({finding.known_issue for finding in result.findings() if finding.known_issue})


def not_run(results: Results) -> list[Cause]:
    """Return why scenarios were not run, each cause once."""
    return causes((each.name, each.reason) for each in results.not_run)


def not_verified(results: Results) -> list[Cause]:
    """Return of which clean-ups nobody knows whether they left something, by cause."""
    return causes(_not_verified(results))


def _not_verified(results: Results) -> Iterable[tuple[str, str]]:
    for each in results.all_planned():
        if each.leftovers and all(left.infrastructure for left in each.leftovers):
            yield each.name, each.leftovers[0].what_was_done
