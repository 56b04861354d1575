"""Decides the exit code of a run: here and nowhere else (docs/exit-codes.md)."""

from __future__ import annotations

from dataclasses import dataclass

from harness.base.errors import ExitCode


@dataclass(frozen=True)
class Ending:
    """What a run came to, as far as its exit code depends on it.

    Attributes:
        pytest: the code that pytest would end with.
        defect: something in the harness raised what nobody foresaw.
        wrong_file: a scenario file is wrong.
        not_up: the code of the error by which the stack did not come up.
        failed: a test failed for another reason than the infrastructure: a scenario, what it left behind.
        broken: a metric is not as the catalogue says.
        undecided: what the run should have told, it could not: a scenario was not run, results were not
            written, a component was not compared, the coverage of a complete run was not counted.
        ran: a scenario ran and was not skipped.
        uncovered: a complete run left a transition unproven.
    """

    pytest: int
    defect: bool = False
    wrong_file: bool = False
    not_up: ExitCode | None = None
    failed: bool = False
    broken: bool = False
    undecided: bool = False
    ran: bool = True
    uncovered: bool = False


def decide(ending: Ending) -> int:
    """Return the exit code: of the first row that applies; what says least about the product comes first."""
    ended = ending.pytest
    by_pytest = ended not in (ExitCode.OK, ExitCode.FAILED)
    # pytest stops before the first test and calls that an interruption; told to go on, a failure.
    stopped = ended == ExitCode.INTERRUPTED or (ended == ExitCode.FAILED and not ending.failed)
    # What pytest takes for an error of its own, as a full disk: the run knows it as one of the machine.
    foreseen = ended == ExitCode.INTERNAL and ending.undecided
    rows: list[tuple[bool, int]] = [
        (ending.defect, ExitCode.INTERNAL),
        (foreseen, ExitCode.INFRASTRUCTURE),
        (ending.wrong_file and stopped, ExitCode.USAGE),
        (by_pytest, ended),
        (ending.not_up is not None, ending.not_up or ExitCode.OK),
        (ending.failed or ending.broken, ExitCode.FAILED),
        (ended == ExitCode.FAILED or ending.undecided, ExitCode.INFRASTRUCTURE),
        (not ending.ran, ExitCode.NOTHING_RAN),
        (ending.uncovered, ExitCode.FAILED),
    ]
    return next((code for applies, code in rows if applies), ExitCode.OK)
