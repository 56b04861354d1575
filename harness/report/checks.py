"""What a run came to beside its scenarios: by each of these it can fail while all scenarios pass."""

from __future__ import annotations

from dataclasses import dataclass

from harness.audit.coverage.text import missing_lines, sum_line
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.judge.finding import Verdict
from harness.results.contract import Contract
from harness.results.coverage import Coverage
from harness.results.results import Results

_MOST_NAMED = 3


@dataclass(frozen=True)
class RunCheck:
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


def of(results: Results, known: Catalogue) -> list[RunCheck]:
    """Return what was checked of the run as a whole; what did not pass makes it fail."""
    found = []
    if results.run.stack_error is not None:
        details = tuple(results.run.stack_error.splitlines())
        found.append(RunCheck("stack", Verdict.ERROR, "no scenario ran: the stack did not come up", details))
    if results.contract is not None:
        found.append(_contract(results.contract))
    if results.coverage is not None and results.coverage.whole:
        found.append(_coverage(results.coverage, known))
    if results.scenarios and all(each.verdict is Verdict.SKIPPED for each in results.scenarios):
        found.append(_nothing_ran(results))
    return found


def _contract(contract: Contract) -> RunCheck:
    broken, lines = contract.broken(), contract.lines()
    if broken:
        names = list(dict.fromkeys(problem.metric for problem in broken))
        told = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
        reason = f"metrics are not as the catalogue says ({len(broken)}): {told}"
        return RunCheck("contract", Verdict.FAIL, reason, tuple(lines))
    if contract.undecided():
        reason = "not all components were compared with the catalogue"
        return RunCheck("contract", Verdict.ERROR, reason, tuple(lines))
    reason = f"{len(contract.seen)} metrics are as the catalogue says"
    return RunCheck("contract", Verdict.PASS, reason, tuple(lines))


def _coverage(coverage: Coverage, known: Catalogue) -> RunCheck:
    if coverage.passed:
        return RunCheck("coverage", Verdict.PASS, sum_line(coverage))
    details = (*missing_lines(coverage, known), "prove each of them, or waive it: docs/coverage.md")
    reason = f"transitions that are possible here, neither proven nor waived: {coverage.missing}"
    if coverage.twins_missing:
        reason += f"; twins that nothing tells apart: {coverage.twins_missing}"
    return RunCheck("coverage", Verdict.FAIL, reason, details)


def _nothing_ran(results: Results) -> RunCheck:
    reason = f"nothing was proven: no scenario ran, {len(results.scenarios)} skipped"
    details = (f"{each.name}: {each.reason}" for each in results.scenarios)
    return RunCheck("scenarios", Verdict.ERROR, reason, tuple(details))
