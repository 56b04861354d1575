"""What a run came to: its exit code (docs/exit-codes.md) and its headline. Decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.base.errors import ExitCode
from harness.base.words import count
from harness.judge.finding import Verdict
from harness.report.checks import RunCheck
from harness.results.results import Results


@dataclass(frozen=True)
class RunEnding:
    """How a run ended, as far as its results and its checks do not say.

    Attributes:
        pytest: the code that pytest would end with.
        defect: something in the harness raised what nobody foresaw.
        wrong_file: a scenario file is wrong.
        not_up: the code of the error by which the stack did not come up.
        failed: a test failed for another reason than the infrastructure: a scenario, what it left behind.
        troubled: something went wrong with the run itself, as a full disk when its results were written.
    """

    pytest: int
    defect: bool = False
    wrong_file: bool = False
    not_up: ExitCode | None = None
    failed: bool = False
    troubled: bool = False


class RunOutcome(NamedTuple):
    """What a run came to: for whoever started it, and in a sentence or a few."""

    exit_code: int
    headline: str


def outcome(results: Results, checks: Sequence[RunCheck], ending: RunEnding) -> RunOutcome:
    """Return what a run came to.

    Args:
        results: of the run.
        checks: of the run as a whole.
        ending: how it ended.
    """
    return RunOutcome(exit_code(results, checks, ending), headline(results, checks))


def exit_code(results: Results, checks: Sequence[RunCheck], ending: RunEnding) -> int:
    """Return the code of the first row that applies; what says least about the product comes first."""
    ended = ending.pytest
    by_pytest = ended not in (ExitCode.OK, ExitCode.FAILED)
    # pytest stops before the first test and calls that an interruption; told to go on, a failure.
    stopped = ended == ExitCode.INTERRUPTED or (ended == ExitCode.FAILED and not ending.failed)
    failed = {each.name for each in checks if each.verdict is Verdict.FAIL}
    # What the run should have said of the product, it could not; that nothing ran has a code of its own.
    errors = {each.name for each in checks if each.verdict is Verdict.ERROR}
    undecided = bool(ending.troubled or results.not_run or errors - {"stack", "scenarios"})
    ran = any(each.verdict is not Verdict.SKIPPED for each in results.scenarios)
    rows: list[tuple[bool, int]] = [
        (ending.defect, ExitCode.INTERNAL),
        # What pytest takes for an error of its own, as a full disk: the run knows it as one of the machine.
        (ended == ExitCode.INTERNAL and undecided, ExitCode.INFRASTRUCTURE),
        (ending.wrong_file and stopped, ExitCode.USAGE),
        (by_pytest, ended),
        (ending.not_up is not None, ending.not_up or ExitCode.OK),
        (ending.failed or "contract" in failed, ExitCode.FAILED),
        (ended == ExitCode.FAILED or undecided, ExitCode.INFRASTRUCTURE),
        (not ran, ExitCode.NOTHING_RAN),
        (bool(failed), ExitCode.FAILED),
    ]
    return next((code for applies, code in rows if applies), ExitCode.OK)


def code_of_several(codes: Iterable[int]) -> int:
    """Return the exit code of several runs together; what says least about the product comes first.

    That nothing ran in one of them is no matter where something ran in another.
    """
    found = set(codes)
    first = (ExitCode.INTERNAL, ExitCode.USAGE, ExitCode.INTERRUPTED)
    foreign = sorted(found - {*ExitCode})
    last = (ExitCode.FAILED, ExitCode.INFRASTRUCTURE, ExitCode.OK, ExitCode.NOTHING_RAN)
    return next((int(code) for code in (*first, *foreign, *last) if code in found), ExitCode.OK)


def headline(results: Results, checks: Sequence[RunCheck], *, goes_on: bool = False) -> str:
    """Return in a sentence or a few how a run came out.

    Args:
        results: of the run.
        checks: of the run as a whole; each that did not pass is a sentence.
        goes_on: the run has not ended.
    """
    bad = [each.reason for each in checks if each.verdict is not Verdict.PASS]
    sentences = [*_unfinished(results, goes_on), *_scenarios(results), *bad] or ["no scenario ran"]
    return " ".join(f"{each[:1].upper()}{each[1:]}." for each in sentences)


def _unfinished(results: Results, goes_on: bool) -> list[str]:
    """Return what is to be said of a run that did not come to its end; nothing of another."""
    run, done, left = results.run, len(results.scenarios), len(results.not_run)
    finished = (
        f"{done} of {run.planned} scenarios finished" if run.planned is not None else f"{done} finished"
    )
    if run.ended is None:
        return [f"the run still goes on; {finished}" if goes_on else f"the run was cut short; {finished}"]
    if run.interrupted:
        return [f"the run was interrupted ({run.interrupted}); {finished}"]
    if left and not run.stack_error:
        return [f"{count(left, 'scenario')} {'was' if left == 1 else 'were'} not run"]
    return []


def _scenarios(results: Results) -> list[str]:
    """Return what the scenarios came to; nothing when none was judged."""
    counts = results.summary
    judged = len(results.scenarios) - counts.skipped
    if not judged:
        return []
    without = " without their chaos" if results.control is not None else ""
    parts = [
        f"{number} {one if number == 1 else many}"
        for number, one, many in (
            (counts.failed, "failed", "failed"),
            (counts.error, "could not be decided", "could not be decided"),
            (counts.cleanup_failed - counts.cleanup_not_verified, *["left something behind"] * 2),
            (counts.cleanup_not_verified, "clean-up is not verified", "clean-ups are not verified"),
        )
        if number
    ]
    if parts:
        return [f"of {count(judged, 'scenario')} that ran{without}, {', '.join(parts)}"]
    every = f"{judged} scenarios" if judged > 1 else "scenarios"
    shown = f", {counts.known_issue} of them by showing exactly a known issue" if counts.known_issue else ""
    return [f"all {every} that ran{without} came out as expected{shown}"]
