"""Makes what goes wrong while a scenario runs the scenario's verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.base import defects
from harness.base.errors import DefectError, HarnessError
from harness.judge.finding import Verdict
from harness.results.scenario import ScenarioResult
from harness.runner.run_context import RunContext
from harness.scenario.load import ScenarioFile


def record(result: ScenarioResult, error: HarnessError) -> None:
    """Make an error the verdict of a scenario, unless it failed before."""
    failed = result.decide() is Verdict.FAIL and result.defect is None
    result.reason, result.details = str(error), [*error.details, error.next_step]
    if isinstance(error, DefectError):
        # What a harness that is broken said of the product before is not to be trusted.
        failed = False
        kept = f"traceback, in the report: {defects.FOLDER}/{error.log.name}" if error.log else ""
        result.defect = f"{error}; {kept}" if kept else str(error)
        result.details.append(kept)
    result.verdict = Verdict.FAIL if failed else Verdict.ERROR


def as_error(error: BaseException, file: ScenarioFile, around: RunContext) -> HarnessError:
    """Return an exception as an error of ours; the traceback of what nobody foresaw is kept."""
    folder = around.recordings.parent / defects.FOLDER
    return defects.as_error(error, f"run {file.name}", folder, file.scenario.scenario)


@contextmanager
def caught(result: ScenarioResult, file: ScenarioFile, around: RunContext) -> Iterator[None]:
    """Make what is raised in the block the verdict of the scenario: what comes after it has to be done."""
    try:
        yield
    except Exception as error:
        record(result, as_error(error, file, around))
