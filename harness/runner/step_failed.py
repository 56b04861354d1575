"""A step that did not come about."""

from __future__ import annotations

from harness.results.scenario import StepProblem


class StepFailedError(Exception):
    """A step did not come about; the scenario fails, and says why.

    Attributes:
        problem: what goes into the results.
        timed: on a machine that cannot act it would have come about, too late; a refusal would be one anyway.
    """

    def __init__(self, problem: StepProblem, *, timed: bool = True) -> None:
        super().__init__(problem.reason)
        self.problem = problem
        self.timed = timed
