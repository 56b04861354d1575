"""Who wants to be told how a scenario goes on, while it does."""

from __future__ import annotations

from collections.abc import Sequence

from harness.judge.finding import Finding, Pending
from harness.results.scenario import ScenarioResult


class Observer:
    """Is told and has no say; this one does nothing with it. All calls come from the runner's own thread."""

    def run_goes_on(self, how: str) -> None:
        """Something about the run as a whole, such as a further cluster that is up, as a sentence."""

    def turn_to(self, name: str) -> None:
        """What comes next is about this scenario; only told where several run at the same time."""

    def scenario(self, name: str, steps: Sequence[str]) -> None:
        """A scenario begins, with the titles of its steps; of a script none is known before."""

    def owns(self, namespaces: Sequence[str]) -> None:
        """The scenario is about to make these namespaces."""

    def step(self, index: int, title: str) -> None:
        """A step begins."""

    def waiting(self, what: str) -> None:
        """The runner waits, as a phrase: "scrape 2 of 3"; told again whenever it looks and still waits."""

    def judged(self, verdicts: Sequence[Pending | Finding], scrapes: int) -> None:
        """Expectations of the step were judged.

        Args:
            verdicts: of all of them, in their order; a finding may be another one the next time.
            scrapes: how many there were since the step settled.
        """

    def ended(self, result: ScenarioResult) -> None:
        """The scenario has ended, its clean-up too."""
