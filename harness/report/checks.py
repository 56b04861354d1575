"""What a run came to beside its scenarios: by each of these it can fail while all scenarios pass."""

from __future__ import annotations

from dataclasses import dataclass

from harness.chaos.catalogue.catalogue import Catalogue
from harness.contract.result import Contract
from harness.coverage.result import Coverage
from harness.coverage.text import missing_lines, sum_line
from harness.judge.finding import Verdict
from harness.report.results import Results

_MOST_NAMED = 3


@dataclass(frozen=True)
class Check:
    """One of them.

    Attributes:
        name: `stack`, `contract`, `coverage`, `scenarios`, `results` or `harness`.
        verdict: passed, failed (the product) or error (nobody knows).
        reason: in one line, what came out.
        details: all that a person needs to act, as lines.
    """

    name: str
    verdict: Verdict
    reason: str
    details: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the reason and all details, as lines."""
        return "\n".join([self.reason, *self.details])


def of(results: Results, known: Catalogue) -> list[Check]:
    """Return what was checked of the run as a whole; what did not pass makes it fail."""
    found = []
    if results.run.stack_error is not None:
        details = tuple(results.run.stack_error.splitlines())
        found.append(Check("stack", Verdict.ERROR, "no scenario ran: the stack did not come up", details))
    if results.contract is not None:
        found.append(_contract(results.contract))
    if results.coverage is not None and results.coverage.whole:
        found.append(_coverage(results.coverage, known))
    if results.scenarios and all(each.verdict is Verdict.SKIPPED for each in results.scenarios):
        found.append(_nothing_ran(results))
    return found


def _contract(contract: Contract) -> Check:
    broken, lines = contract.broken(), contract.lines()
    if broken:
        names = list(dict.fromkeys(problem.metric for problem in broken))
        told = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
        reason = f"metrics are not as the catalogue says ({len(broken)}): {told}"
        return Check("contract", Verdict.FAIL, reason, tuple(lines))
    if contract.undecided():
        reason = "not all components were compared with the catalogue"
        return Check("contract", Verdict.ERROR, reason, tuple(lines))
    reason = f"{len(contract.seen)} metrics are as the catalogue says"
    return Check("contract", Verdict.PASS, reason, tuple(lines))


def _coverage(coverage: Coverage, known: Catalogue) -> Check:
    if coverage.passed:
        return Check("coverage", Verdict.PASS, sum_line(coverage))
    details = (*missing_lines(coverage, known), "prove each of them, or waive it: docs/coverage.md")
    reason = f"transitions that are possible here, neither proven nor waived: {coverage.missing}"
    if coverage.twins_missing:
        reason += f"; twins that nothing tells apart: {coverage.twins_missing}"
    return Check("coverage", Verdict.FAIL, reason, details)


def _nothing_ran(results: Results) -> Check:
    reason = f"nothing was proven: no scenario ran, {len(results.scenarios)} skipped"
    details = (f"{each.name}: {each.reason}" for each in results.scenarios)
    return Check("scenarios", Verdict.ERROR, reason, tuple(details))
