"""Says how a run goes on while it does: a line that is rewritten on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from harness.judge.finding import Finding, Pending, Verdict
from harness.runner.observer import Observer
from harness.runner.result import ScenarioResult

_REPEAT_SECONDS = 10.0
_WORDS = {Verdict.KNOWN_ISSUE: "known issue"}


class Screen(Protocol):
    """Where it is said.

    Attributes:
        redraws: `status` shows something.
    """

    redraws: bool

    def status(self, left: str, right: str) -> None:
        """Show one line in place of the one before; when it does not fit, the left part is cut off."""

    def line(self, text: str) -> None:
        """Write a line that stays."""

    def end(self) -> None:
        """Leave the place to pytest's own words about the scenario."""


class Live(Observer):
    """Tells a person what a run does, how far it is, and about how long it will take.

    On a terminal the status shows all of that; lines that stay are only written with `-v`. Elsewhere each
    step and each wait of 10 s is a line, which begins with `progress:`.
    """

    def __init__(
        self,
        screen: Screen,
        names: Sequence[str],
        usual: Mapping[str, float],
        verbosity: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            screen: where to write.
            names: of all scenarios that are to run, in their order.
            usual: seconds that scenarios took in an earlier run, by name.
            verbosity: pytest's: below 0 nothing is said.
            now: a clock, seconds.
        """
        self._screen = screen
        self._left = list(names)
        self._total = len(self._left)
        self._usual = dict(usual)
        self._verbosity = verbosity
        self._now = now
        self._took: dict[str, float] = {}
        self._counts: Counter[Verdict] = Counter()
        self._name = ""
        self._steps = 0
        self._index, self._title = -1, ""
        self._began = self._step_began = self._said = now()
        self._told: dict[str, str] = {}

    def scenario(self, name: str, steps: Sequence[str]) -> None:
        """Begin with a scenario."""
        self._name, self._index, self._title = name, -1, ""
        self._steps = len(steps)
        self._began = self._step_began = self._said = self._now()
        self._told = {}
        self._show("set-up")

    def step(self, index: int, title: str) -> None:
        """Begin with a step."""
        self._index, self._title = index, title
        self._step_began = self._now()
        self._told = {}
        if not self._screen.redraws:
            self._line(self._where())
        self._show(title)

    def waiting(self, what: str) -> None:
        """Show what is waited for; where the status does not, say so when it takes long."""
        self._show(f"waiting for {what}")
        if not self._screen.redraws and self._now() - self._said >= _REPEAT_SECONDS:
            self._line(f"{self._where()}: waiting for {what}, {self._now() - self._step_began:.0f} s so far")

    def judged(self, verdicts: Sequence[Pending | Finding], scrapes: int) -> None:
        """Show what is not decided yet; with -v say what is."""
        if self._verbosity > 0:
            for finding in verdicts:
                if isinstance(finding, Finding):
                    self._tell(finding)
        pending = [each for each in verdicts if isinstance(each, Pending)]
        if pending:
            decided = f"{len(verdicts) - len(pending)} of {len(verdicts)} decided, scrape {scrapes}"
            self.waiting(f"{pending[0].waiting_for} ({decided})")

    def ended(self, result: ScenarioResult) -> None:
        """Count the scenario and say how far the run is."""
        self._counts[result.verdict] += 1
        if result.name in self._left:
            self._left.remove(result.name)
        if result.verdict is not Verdict.SKIPPED:
            self._took[result.name] = result.seconds
        if not self._screen.redraws:
            verdict = _WORDS.get(result.verdict, result.verdict.value)
            how = f"{result.name}: {verdict} in {result.seconds:.1f} s"
            self._line("; ".join([how, f"{self._done()} of {self._total} done", *self._summary()]))
        self._name = ""
        if self._verbosity >= 0:
            self._screen.end()

    def seconds_left(self) -> float | None:
        """Return about how long the rest will take; None when nothing is known of any of it.

        What was never seen takes as long as scenarios took on average.
        """
        known = {**self._usual, **self._took}
        if not known:
            return None
        mean = sum(known.values()) / len(known)
        total = sum(known.get(name, mean) for name in self._left)
        if self._name in self._left:
            # What takes longer than usual does not make the others shorter.
            total -= min(self._now() - self._began, known.get(self._name, mean))
        return total

    def _tell(self, finding: Finding) -> None:
        if self._told.get(finding.id) == finding.verdict.value:
            return
        # What passed may fail in a later scrape of the same step.
        self._told[finding.id] = finding.verdict.value
        after = "" if finding.seconds is None else f" after {finding.seconds:.1f} s"
        reason = "" if finding.verdict is Verdict.PASS else f": {finding.reason}"
        what = f"{finding.metric or finding.promql} {finding.kind}"
        self._line(
            f"{self._where()}: {_WORDS.get(finding.verdict, finding.verdict.value)}: {what}{after}{reason}"
        )

    def _where(self) -> str:
        if self._index < 0:
            return f"{self._name}: set-up"
        of = f" of {self._steps}" if self._steps else ""
        return f"{self._name}: step {self._index + 1}{of} ({self._title})"

    def _show(self, what: str) -> None:
        if self._verbosity < 0 or not self._screen.redraws:
            return
        number = f"[{min(self._done() + 1, self._total)}/{self._total}]"
        step = f" {self._index + 1}{f'/{self._steps}' if self._steps else ''}" if self._index >= 0 else ""
        self._screen.status(f"{number} {self._name}{step} {what}", ", ".join(self._summary()))

    def _done(self) -> int:
        return sum(self._counts.values())

    def _summary(self) -> list[str]:
        parts = [f"{number} {_WORDS.get(verdict, verdict.value)}" for verdict, number in self._counts.items()]
        found = [", ".join(parts)] if parts else []
        left = self.seconds_left()
        return [*found, f"about {_clock(left)} left"] if left is not None and self._left else found

    def _line(self, text: str) -> None:
        if self._verbosity < 0:
            return
        self._said = self._now()
        self._screen.line(f"progress: {text}")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
