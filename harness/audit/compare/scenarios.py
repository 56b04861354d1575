"""Differences of verdicts and of the values that decided them, scenario by scenario. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.audit.compare.change import Change, ChangeKind
from harness.audit.compare.side import ComparedRun
from harness.judge.finding import Finding, Verdict
from harness.judge.wording import expectation
from harness.results.scenario import ScenarioResult

_SAYS_NOTHING = (Verdict.SKIPPED, Verdict.ERROR)


def changes(before: ComparedRun, after: ComparedRun) -> tuple[list[Change], list[str]]:
    """Return the differences, and which scenarios ran in one run only."""
    both = before.ran() & after.ran()
    found: list[Change] = []
    for name in sorted(both):
        found += _scenario(before.scenarios[name], after.scenarios[name])
    told = [f"scenario {name}: ran before only" for name in sorted(before.ran() - both)]
    told += [f"scenario {name}: ran after only" for name in sorted(after.ran() - both)]
    return found, told


def regressed(change: Change) -> bool:
    """Say whether a change of a verdict is for the worse."""
    return change.kind is ChangeKind.VERDICT and change.after.startswith(Verdict.FAIL.value)


def _scenario(old: ScenarioResult, new: ScenarioResult) -> Iterator[Change]:
    if old.verdict is not new.verdict:
        yield Change(
            kind=ChangeKind.VERDICT,
            subject=f"scenario {new.name}",
            before=old.verdict.value,
            after=new.verdict.value,
            why=_problem(new) or _problem(old),
        )
    earlier = {(finding.id, finding.metric, finding.kind): finding for finding in old.findings()}
    for finding in new.findings():
        known = earlier.get((finding.id, finding.metric, finding.kind))
        if known is not None:
            yield from _finding(new.name, known, finding)


def _finding(scenario: str, old: Finding, new: Finding) -> Iterator[Change]:
    subject = f"in {scenario}, {expectation(new)}"
    if {old.verdict, new.verdict} & {*_SAYS_NOTHING}:
        return
    if old.verdict is not new.verdict:
        yield Change(
            kind=ChangeKind.VERDICT,
            metric=new.metric,
            subject=subject,
            before=_told(old),
            after=_told(new),
        )
    elif not new.verdict.as_expected and _values(old) != _values(new):
        # Values that hold are what the expectation says; levels of counters differ from run to run.
        yield Change(
            kind=ChangeKind.VALUE,
            metric=new.metric,
            subject=subject,
            before=_numbers(old),
            after=_numbers(new),
            why="wrong in both runs",
        )


def _told(finding: Finding) -> str:
    return (
        finding.verdict.value
        if finding.verdict is Verdict.PASS
        else f"{finding.verdict.value} ({finding.reason})"
    )


def _values(finding: Finding) -> list[str]:
    return sorted(str(each.get("value")) for each in finding.actual)


def _numbers(finding: Finding) -> str:
    return ", ".join(_values(finding)) or "no series"


def _problem(result: ScenarioResult) -> str:
    for step in result.steps:
        if step.problem is not None:
            return f"{step.title}: {step.problem.reason}"
    return ""
