"""A step that failed."""

from __future__ import annotations

from harness.results.scenario import StepProblem


class StepFailedError(Exception):
    """A step failed; the scenario fails, and says why.

    Attributes:
        problem: what goes into the results.
        timed: on a machine that cannot act it would have succeeded, too late; a refusal would be one anyway.
    """

    def __init__(self, problem: StepProblem, *, timed: bool = True) -> None:
        super().__init__(problem.reason)
        self.problem = problem
        self.timed = timed
