"""A scenario of which nothing is known, because the machine was overloaded, is run once more: alone, later.

What failed is never run again, nor what is an error for any other reason: a second run could hide it.
"""

from __future__ import annotations

from pathlib import Path

from harness.judge.collected import BEFORE_THE_STEP
from harness.judge.finding import Verdict
from harness.judge.overload import OVERLOADED
from harness.results.folder import FIRST_ATTEMPTS
from harness.results.scenario import FirstAttempt, ScenarioResult

MOST_AGAIN = 10
"""In one run; a machine that cannot run more of them is not fit for it, and the run says so."""
ALONE = "its first run was inconclusive"


def inconclusive(result: ScenarioResult) -> FirstAttempt | None:
    """Return why a scenario should run again; None when its result is to stay.

    It has to be an error by overload alone (harness/judge/overload.py), with everything cleaned up. What
    could not be compared because of an overload in an earlier step is such an error, too.
    """
    if result.verdict is not Verdict.ERROR or result.defect or result.leftovers or result.control is not None:
        return None
    reasons: list[str] = []
    for step in result.steps:
        found = [each.reason for each in step.findings if each.verdict is Verdict.ERROR]
        found += [step.problem.reason] if step.problem else []
        if any(OVERLOADED not in each and not (reasons and each.endswith(BEFORE_THE_STEP)) for each in found):
            return None
        reasons += [each for each in found if OVERLOADED in each]
    if result.reason and OVERLOADED not in result.reason:
        return None
    reasons += [result.reason] if result.reason else []
    if not reasons:
        return None
    return FirstAttempt(reason=reasons[0], seconds=result.seconds)


def put_away(result: ScenarioResult, report: Path) -> ScenarioResult:
    """Move what was kept of the first run to a folder of its own in the report; return the result with it.

    Raises:
        OSError: the disk refuses that.
    """
    moved = {}
    for field in ("recording", "diagnostics"):
        kept: Path | None = getattr(result, field)
        if kept is not None and kept.is_dir():
            moved[field] = report / FIRST_ATTEMPTS / kept.name / field
            moved[field].parent.mkdir(parents=True, exist_ok=True)
            kept.rename(moved[field])
    return result.model_copy(update=moved)
